// Command figures measures this engine, three other designs and the floor in the
// simulator, on the same seeds, and prints the tables of docs/performance.md.
//
// Each run is a world of its own (sim.Lab) in which a controller meets two disasters
// of one kind. What became of them is judged by the world's ground truth alone:
// power, mounts, traffic. Machines' latencies are drawn for node and attempt, so
// that every controller meets the same machines, and the floor is computed from
// the same draws by code that calls no controller (floor.go, bound.go). A run in
// which a controller was quicker than its floor fails the command: then the floor
// is wrong, or the controller does not keep the rules it claims.
//
// The words of the tables:
//
//   - detected: AWS showed the failure to this controller: the state change or alarm
//     that it acts on, before the event's way to it.
//   - took: from there until traffic reaches a healthy machine of the node again.
//   - over the floor: by how much a clairvoyant controller with the same rules, the
//     same notice and the same machines is quicker. Of it, poll lag is how long
//     what was waited for was true before the controller looked; the rest is its own.
//   - lost: the node did not serve within 49 minutes.
//   - two writers, two servers: two machines of the node had power and its data
//     mounted, or took its traffic, at the same time.
//   - left: machines of the node that still ran at the end beside the one in use.
package main
