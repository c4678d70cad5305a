"""What the dashboard serves beside its pages."""
