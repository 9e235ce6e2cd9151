// Package chaos holds tests of a cluster of real processes that are killed, stopped, cut off and given broken disks, while
// clients shop and write down what they were told. All of it is test code.
//
// Without further ado the processes talk over loopback through proxies of their own. With COMMERCE_CHAOS=10m they live in
// network namespaces, which takes root and ip, and suffer more: see docs/testing.md.
package chaos
