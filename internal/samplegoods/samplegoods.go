// Package samplegoods is a shop's worth of sample goods.
package samplegoods
