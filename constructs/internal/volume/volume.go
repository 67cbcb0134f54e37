// Package volume checks the settings of EBS volumes against what each type allows.
package volume

import (
	"math"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// limits of a volume type, from "Amazon EBS volume types", Amazon EBS User Guide:
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
type limits struct {
	smallest, largest int // GiB
	least, most       int // IOPS; most 0: not to be given
	perGiB            int // IOPS for each GiB
	needsIops         bool
}

var types = map[awsec2.EbsDeviceVolumeType]limits{
	awsec2.EbsDeviceVolumeType_GP3:      {1, 65536, 3000, 80000, 500, false},
	awsec2.EbsDeviceVolumeType_GP2:      {smallest: 1, largest: 16384},
	awsec2.EbsDeviceVolumeType_IO1:      {4, 16384, 100, 64000, 50, true},
	awsec2.EbsDeviceVolumeType_IO2:      {4, 65536, 100, 256000, 1000, true},
	awsec2.EbsDeviceVolumeType_ST1:      {smallest: 125, largest: 16384},
	awsec2.EbsDeviceVolumeType_SC1:      {smallest: 125, largest: 16384},
	awsec2.EbsDeviceVolumeType_STANDARD: {smallest: 1, largest: 1024},
}

// Check refuses settings that EC2 would refuse at the launch. path names the volume.
func Check(at prop.Place, path string, kind awsec2.EbsDeviceVolumeType, size, iops, throughput *float64) {
	l, known := types[kind]
	if !known {
		at.Fail("%s.VolumeType is %q: allowed are GP3, GP2, IO1, IO2, ST1, SC1 and STANDARD; leave it out for GP3", path, kind)
	}
	gib := within(at, path+".Size in GiB", kind, size, l.smallest, l.largest)
	switch {
	case iops == nil && l.needsIops:
		at.Fail("%s.Iops is missing: a volume of type %s needs it; give %d to %d", path, kind, l.least, min(l.most, gib*l.perGiB))
	case iops != nil && l.most == 0:
		at.Fail("%s.Iops is given, and a volume of type %s takes none: leave it out, or use GP3", path, kind)
	case iops != nil:
		n := within(at, path+".Iops", kind, iops, l.least, l.most)
		if n > max(gib*l.perGiB, l.least) {
			at.Fail("%s.Iops is %d, and %d GiB of type %s allow %d (%d for each GiB): use fewer, or a larger volume", path, n, gib, kind, gib*l.perGiB, l.perGiB)
		}
	}
	if throughput == nil {
		return
	}
	if kind != awsec2.EbsDeviceVolumeType_GP3 {
		at.Fail("%s.Throughput is given, and a volume of type %s takes none: leave it out, or use GP3", path, kind)
	}
	mib, rate := at.Whole(path+".Throughput", throughput, 125, 125, 2000), at.Whole(path+".Iops", iops, 3000, 3000, 80000)
	if mib*4 > rate {
		at.Fail("%s.Throughput is %d MiB/s, and %d IOPS allow %d (a quarter): use less, or give more Iops", path, mib, rate, rate/4)
	}
}

// within checks a whole number against the bounds of a volume type.
func within(at prop.Place, path string, kind awsec2.EbsDeviceVolumeType, value *float64, low, high int) int {
	if v := *value; !prop.Unresolved(value) && (v != math.Trunc(v) || v < float64(low) || v > float64(high)) {
		at.Fail("%s is %s: allowed for type %s are the whole numbers %d to %d", path, strconv.FormatFloat(v, 'f', -1, 64), kind, low, high)
	}
	return at.Whole(path, value, low, low, high)
}
