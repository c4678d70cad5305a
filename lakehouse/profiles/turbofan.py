"""NASA's simulated turbofan engines: C-MAPSS FD001-FD004 and the PHM08 challenge.

Sensor symbols, descriptions and units: A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage
Propagation Modeling for Aircraft Engine Run-to-Failure Simulation", PHM08, 2008, table 2.

The ranges (low, high) follow from the envelope that C-MAPSS flies: sea level to 42,000 ft, Mach 0
to 0.84, so 380-600 °R and 2-20 psia at the fan's inlet, and behind it a two-spool engine of the
90,000 lbf class between idle and take-off, healthy or worn. They are wide, a third or so beyond
what NASA's files hold, and still so narrow that another temperature scale, kPa for psi or a power
of ten falls outside. Where one range holds six regimes that differ more than the units do (kg for
lb), only the comparison with the fleet in the same regime can tell (docs/reference/data-checks).
The steps are the last digits that NASA's files print.
"""

from datetime import timedelta

from lakehouse.profiles import Profile, SeriesRules, Signal

SETTINGS = (
    Signal("setting_1", "Alt", "altitude", "kft", -2.0, 60.0, 0.0001),
    Signal("setting_2", "Mach", "Mach number", "", -0.05, 1.2, 0.0001),
    Signal("setting_3", "TRA", "throttle resolver angle", "deg", -5.0, 120.0, 1),
)

SENSORS = (
    Signal("sensor_1", "T2", "fan inlet temperature", "°R", 380.0, 600.0, 0.01),
    Signal("sensor_2", "T24", "LPC outlet temperature", "°R", 450.0, 800.0, 0.01),
    Signal("sensor_3", "T30", "HPC outlet temperature", "°R", 1180.0, 1900.0, 0.01),
    Signal("sensor_4", "T50", "LPT outlet temperature", "°R", 995.0, 1900.0, 0.01),
    Signal("sensor_5", "P2", "fan inlet pressure", "psia", 2.0, 20.0, 0.01),
    Signal("sensor_6", "P15", "bypass duct pressure", "psia", 3.0, 32.0, 0.01),
    Signal("sensor_7", "P30", "HPC outlet pressure", "psia", 90.0, 800.0, 0.01),
    Signal("sensor_8", "Nf", "physical fan speed", "rpm", 1200.0, 3000.0, 0.01),
    Signal("sensor_9", "Nc", "physical core speed", "rpm", 6500.0, 11000.0, 0.01),
    Signal("sensor_10", "epr", "engine pressure ratio P50/P2", "", 0.7, 2.0, 0.01),
    Signal("sensor_11", "Ps30", "HPC outlet static pressure", "psia", 25.0, 75.0, 0.01),
    Signal("sensor_12", "phi", "fuel flow to Ps30", "pps/psi", 90.0, 750.0, 0.01),
    Signal("sensor_13", "NRf", "corrected fan speed", "rpm", 1200.0, 3000.0, 0.01),
    Signal("sensor_14", "NRc", "corrected core speed", "rpm", 6500.0, 10000.0, 0.01),
    Signal("sensor_15", "BPR", "bypass ratio", "", 6.0, 15.0, 0.0001),
    Signal("sensor_16", "farB", "burner fuel-air ratio", "", 0.005, 0.08, 0.01),
    Signal("sensor_17", "htBleed", "bleed enthalpy", "", 230.0, 550.0, 1),
    Signal("sensor_18", "Nf_dmd", "demanded fan speed", "rpm", 1200.0, 3000.0, 1),
    Signal("sensor_19", "PCNfR_dmd", "demanded corrected fan speed", "rpm", 50.0, 120.0, 0.01),
    Signal("sensor_20", "W31", "HPT coolant bleed", "lbm/s", 6.0, 60.0, 0.01),
    Signal("sensor_21", "W32", "LPT coolant bleed", "lbm/s", 3.5, 36.0, 0.0001),
)

PROFILE = Profile(
    name="turbofan",
    machine="engine",
    settings=SETTINGS,
    sensors=SENSORS,
    setting_scales=(42.0, 0.84, 100.0),
    label_cycles=20,
    horizon_cycles=125,
    coverage=0.9,
    act_probability=0.5,
    watch_cycles=30,
    stale_after=timedelta(days=7),
    minimum_failures=10,
    series=SeriesRules(setting_steps=(1.0, 0.05, 10.0)),
)
