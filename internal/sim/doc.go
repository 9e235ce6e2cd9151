// Package sim holds the simulation of a whole cluster: stores with the real Raft and real SQLite files, three or five of
// them, in virtual time. All of it is test code.
//
// A seed gives a history. First comes trouble: the network loses, delays, repeats and splits, nodes crash and lose what
// was not synced, disks fail and hang, wall clocks jump, leaders move, nodes are replaced by others. Meanwhile clients
// shop and write down what they asked and were told. Then all is well again, and everything must work and be sound: see
// world.check.
//
// The order of goroutines and Raft's own random numbers do not follow from the seed. So a run that fails is not
// repeated exactly; instead all that has happened in it is written to a file.
package sim
