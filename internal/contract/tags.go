package contract

import (
	"fmt"
	"strings"
)

// IsEpoch reports whether a tag's value is an epoch: digits only.
func IsEpoch(value string) bool { return value != "" && strings.Trim(value, "0123456789") == "" }

// EpochPatterns are the IAM patterns that match every epoch, and neither an empty value,
// NoEpoch nor MayStart. IAM's StringLike has no pattern for digits only, so they match any
// value that begins with a digit; StringLike fails for a key that is absent.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func EpochPatterns() []string {
	patterns := make([]string, 0, 10)
	for digit := '0'; digit <= '9'; digit++ {
		patterns = append(patterns, string(digit)+"*")
	}
	return patterns
}

// MaxTags is the number of tags a resource can have; keys that begin with "aws:" do
// not count ("Tag restrictions", Amazon EC2 User Guide).
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
const MaxTags = 50

// MaxOwnTags is the number of tags a node's instance can have besides the six that the
// switcher needs: the node id, the recovery target, SwitcherTag and the ControlTags. The
// switcher writes all six at launch or at adoption, so no later step of a switch adds a
// key.
const MaxOwnTags = MaxTags - 6

// MaxVolumeTags is the number of tags that a node's volumes, and its network
// interfaces, can have besides SwitcherTag.
const MaxVolumeTags = MaxTags - 1

// CountOwnTags returns how many of the keys count against MaxOwnTags: all but those of
// AWS and of the switcher. idTag and targetTag are the switcher's configured keys.
func CountOwnTags(keys []string, idTag, targetTag string) int {
	own := map[string]bool{}
	for _, k := range keys {
		if !strings.HasPrefix(strings.ToLower(k), "aws:") && k != idTag && k != targetTag && k != SwitcherTag && !IsControlTag(k) {
			own[k] = true
		}
	}
	return len(own)
}

// CheckOwnTags returns an error if an instance with these tag keys has no room for the
// switcher's tags.
func CheckOwnTags(keys []string, idTag, targetTag string) error {
	if own := CountOwnTags(keys, idTag, targetTag); own > MaxOwnTags {
		return fmt.Errorf("the instance has %d tags of its own: at most %d are allowed, since EC2 allows %d on a resource and the switcher needs %d; remove %d of them",
			own, MaxOwnTags, MaxTags, MaxTags-MaxOwnTags, own-MaxOwnTags)
	}
	return nil
}

// CheckVolumeTags returns an error if what is named, a volume or a network interface, with
// these tag keys has no room for SwitcherTag.
func CheckVolumeTags(what string, keys []string) error {
	own := 0
	for _, k := range keys {
		if !strings.HasPrefix(strings.ToLower(k), "aws:") && k != SwitcherTag {
			own++
		}
	}
	if own > MaxVolumeTags {
		return fmt.Errorf("%s has %d tags of its own: at most %d are allowed, since EC2 allows %d on a resource and the switcher adds %s; remove %d of them",
			what, own, MaxVolumeTags, MaxTags, SwitcherTag, own-MaxVolumeTags)
	}
	return nil
}
