package event_test

import (
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/event"
)

// A pre-signed address says when it expires, in the newer form and in the older one. One
// that does not, or that says nonsense, expires at no known time.
func TestAddressExpires(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for query, want := range map[string]time.Time{
		"?X-Amz-Date=20261121T080000Z&X-Amz-Expires=7200":   at,
		"?X-Amz-Date=20261121T100000Z&X-Amz-Expires=0":      at,
		"?X-Amz-Date=20261114T100000Z&X-Amz-Expires=604800": at,
		"?AWSAccessKeyId=A&Expires=1795255200&Signature=x":  at,
		"?X-Amz-Date=20261121T080000Z":                      {},
		"?X-Amz-Date=20261121T080000Z&X-Amz-Expires=-1":     {},
		"?X-Amz-Date=20261121T080000Z&X-Amz-Expires=604801": {},
		"?X-Amz-Date=20261121T080000Z&X-Amz-Expires=9e99":   {},
		"?X-Amz-Date=yesterday&X-Amz-Expires=60":            {},
		"?Expires=99999999999999999999":                     {},
		"?Expires=-5":                                       {},
		"":                                                  {},
	} {
		if got := event.AddressExpires("https://b.s3.amazonaws.com/k" + query); !got.Equal(want) {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	if got := event.AddressExpires("://"); !got.IsZero() {
		t.Errorf("no address: %s", got)
	}
}
