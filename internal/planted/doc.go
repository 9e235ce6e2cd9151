// Package planted holds tests of the tests: it plants bugs in the code of a cluster, one at a time, and sees that the test
// that is there for it fails. All of it is test code.
package planted
