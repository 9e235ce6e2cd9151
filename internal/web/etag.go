package web

import (
	"strconv"
	"strings"
)

// etagSuffix is what Compress adds inside the quotes of an ETag, followed by
// "-" and the encoding.
const etagSuffix = "-z"

// ETag returns the entity tag of a version of something. A variant names what
// else the answer depends on, such as a language; it may be "".
func ETag(version int64, variant string) string {
	if variant != "" {
		return `"` + strconv.FormatInt(version, 10) + "." + variant + `"`
	}
	return `"` + strconv.FormatInt(version, 10) + `"`
}

// MatchETag reports whether a header If-None-Match names tag, weakly compared
// as RFC 9110 wants it, whether or not the answer was compressed then.
func MatchETag(header, tag string) bool {
	if header == "" {
		return false
	}
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || plainETag(part) == plainETag(tag) {
			return true
		}
	}
	return false
}

func plainETag(tag string) string {
	tag = strings.TrimPrefix(tag, "W/")
	for _, encoding := range []string{"gzip", "zstd"} {
		if bare, ok := strings.CutSuffix(tag, etagSuffix+"-"+encoding+`"`); ok {
			return bare + `"`
		}
	}
	return tag
}

// VersionOf returns the version that an If-Match header names: that of a tag
// which ETag made, or 0 for "" and "*". It is false if the header is anything
// else: then no version can match.
func VersionOf(header string) (version int64, ok bool) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return 0, true
	}
	tag := plainETag(header)
	if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return 0, false
	}
	digits, _, _ := strings.Cut(tag[1:len(tag)-1], ".")
	version, err := strconv.ParseInt(digits, 10, 64)
	return version, err == nil && version > 0
}
