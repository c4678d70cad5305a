"""The dashboard process: reads Delta and ML Metadata, asks for runs, nothing else."""
