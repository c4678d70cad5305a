"""NASA's simulated turbofan engines: C-MAPSS FD001-FD004 and the PHM08 challenge.

Sensor symbols, descriptions and units: A. Saxena, K. Goebel, D. Simon, N. Eklund, "Damage
Propagation Modeling for Aircraft Engine Run-to-Failure Simulation", PHM08, 2008, table 2.
"""

from datetime import timedelta

from lakehouse.profiles import Profile, Signal

SETTINGS = (
    Signal("setting_1", "Alt", "altitude", "kft"),
    Signal("setting_2", "Mach", "Mach number", ""),
    Signal("setting_3", "TRA", "throttle resolver angle", "deg"),
)

SENSORS = (
    Signal("sensor_1", "T2", "fan inlet temperature", "°R"),
    Signal("sensor_2", "T24", "LPC outlet temperature", "°R"),
    Signal("sensor_3", "T30", "HPC outlet temperature", "°R"),
    Signal("sensor_4", "T50", "LPT outlet temperature", "°R"),
    Signal("sensor_5", "P2", "fan inlet pressure", "psia"),
    Signal("sensor_6", "P15", "bypass duct pressure", "psia"),
    Signal("sensor_7", "P30", "HPC outlet pressure", "psia"),
    Signal("sensor_8", "Nf", "physical fan speed", "rpm"),
    Signal("sensor_9", "Nc", "physical core speed", "rpm"),
    Signal("sensor_10", "epr", "engine pressure ratio P50/P2", ""),
    Signal("sensor_11", "Ps30", "HPC outlet static pressure", "psia"),
    Signal("sensor_12", "phi", "fuel flow to Ps30", "pps/psi"),
    Signal("sensor_13", "NRf", "corrected fan speed", "rpm"),
    Signal("sensor_14", "NRc", "corrected core speed", "rpm"),
    Signal("sensor_15", "BPR", "bypass ratio", ""),
    Signal("sensor_16", "farB", "burner fuel-air ratio", ""),
    Signal("sensor_17", "htBleed", "bleed enthalpy", ""),
    Signal("sensor_18", "Nf_dmd", "demanded fan speed", "rpm"),
    Signal("sensor_19", "PCNfR_dmd", "demanded corrected fan speed", "rpm"),
    Signal("sensor_20", "W31", "HPT coolant bleed", "lbm/s"),
    Signal("sensor_21", "W32", "LPT coolant bleed", "lbm/s"),
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
)
