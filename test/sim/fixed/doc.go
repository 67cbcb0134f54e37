// Package fixed holds one test: the simulation's first 2,000 seeds. It is a package of
// its own since a run is a pure function of its seed, so that Go's test cache may keep
// the result while neither the engine nor the simulation has changed.
package fixed
