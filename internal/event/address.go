package event

import (
	"net/url"
	"strconv"
	"time"
)

// amzDate is the form of X-Amz-Date.
const amzDate = "20060102T150405Z"

// signedAt reads, from the pre-signed address of a request's answer, when it was
// signed: requests carry no number, and one that Lambda delivers late must not undo a
// newer one ("Authenticating requests: using query parameters", Amazon S3 API
// reference, names X-Amz-Date). 0 if the address does not tell.
func signedAt(q url.Values) int64 {
	t, err := time.Parse(amzDate, q.Get("X-Amz-Date"))
	if err != nil {
		return 0
	}
	return t.Unix()
}

// longestSignature is the longest time for which a pre-signed address can be valid ("Authenticating
// requests: using query parameters", Amazon S3 API reference: 604800 seconds).
const longestSignature = 7 * 24 * time.Hour

// AddressExpires reads when a pre-signed address expires: X-Amz-Expires seconds after
// X-Amz-Date or, in the older form, at Expires in seconds since 1970. Zero if the address
// does not say. An answer that is put there later is refused.
func AddressExpires(address string) time.Time {
	u, err := url.Parse(address)
	if err != nil {
		return time.Time{}
	}
	q := u.Query()
	if signed, err := time.Parse(amzDate, q.Get("X-Amz-Date")); err == nil {
		seconds, err := strconv.ParseInt(q.Get("X-Amz-Expires"), 10, 64)
		if err != nil || seconds < 0 || seconds > int64(longestSignature/time.Second) {
			return time.Time{}
		}
		return signed.Add(time.Duration(seconds) * time.Second)
	}
	if at, err := strconv.ParseInt(q.Get("Expires"), 10, 64); err == nil && at > 0 && at < 1<<40 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}
