"""The benchmark: Vitals beside its peers in one run. `./bench/run` sets up and starts it."""
