package awscloud

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// files is Amazon EFS, mount targets only.
type files struct {
	client func() *efs.Client
	read   func(*efs.Options)
}

func newFiles(s *session) *files {
	return &files{
		client: sync.OnceValue(func() *efs.Client { return efs.NewFromConfig(s.cfg) }),
		read:   func(o *efs.Options) { o.Retryer, o.HTTPClient = s.again, s.reads },
	}
}

// Mounts asks for the groups of each target in a call of its own: EFS knows no
// other. A target that is being deleted is shown without.
func (f *files) Mounts(ctx context.Context, fileSystem string) ([]cloud.Mount, error) {
	pages := efs.NewDescribeMountTargetsPaginator(f.client(), &efs.DescribeMountTargetsInput{FileSystemId: aws.String(fileSystem)})
	var found []cloud.Mount
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, f.read)
		if err != nil {
			return nil, failure(err)
		}
		for i := range page.MountTargets {
			m, gone, err := f.mount(ctx, &page.MountTargets[i])
			if err != nil {
				return nil, err
			}
			if !gone {
				found = append(found, m)
			}
		}
	}
	slices.SortFunc(found, func(a, b cloud.Mount) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// mount reports as gone what was removed between the two calls.
func (f *files) mount(ctx context.Context, d *types.MountTargetDescription) (m cloud.Mount, gone bool, err error) {
	m = cloud.Mount{
		ID: aws.ToString(d.MountTargetId), Subnet: aws.ToString(d.SubnetId), Zone: aws.ToString(d.AvailabilityZoneName),
		IP: aws.ToString(d.IpAddress), State: string(d.LifeCycleState),
	}
	switch d.LifeCycleState {
	case types.LifeCycleStateDeleted:
		return m, true, nil
	case types.LifeCycleStateDeleting:
		return m, false, nil
	default: // the groups are needed to make the target again
	}
	out, err := f.client().DescribeMountTargetSecurityGroups(ctx, &efs.DescribeMountTargetSecurityGroupsInput{MountTargetId: d.MountTargetId}, f.read)
	switch e := failure(err); {
	case e == nil:
		m.Groups = slices.Sorted(slices.Values(out.SecurityGroups))
		return m, false, nil
	case cloud.Is(e, cloud.NotFound):
		return m, true, nil
	case cloud.HasCode(e, "IncorrectMountTargetState"):
		// The target has no interface yet, or no longer (DescribeMountTargetSecurityGroups,
		// API reference). One that was available a moment ago is being deleted.
		if d.LifeCycleState != types.LifeCycleStateCreating {
			m.State = string(types.LifeCycleStateDeleting)
		}
		return m, false, nil
	default:
		return m, false, e
	}
}

// CreateMount lets EFS choose the address: clients find a target by its zone's DNS
// name, the old address may be another's by now, and a stale client must not find
// its way back by it.
func (f *files) CreateMount(ctx context.Context, fileSystem string, m cloud.Mount) error {
	if len(m.Groups) == 0 {
		return invalid(serviceEFS, "CreateMountTarget", fmt.Sprintf(
			"the mount target of %s in %s is to have no security groups, and EFS would put it into the VPC's default one: name those that admit the node alone", fileSystem, m.Subnet))
	}
	_, err := f.client().CreateMountTarget(ctx, &efs.CreateMountTargetInput{
		FileSystemId: aws.String(fileSystem), SubnetId: aws.String(m.Subnet), SecurityGroups: m.Groups,
	})
	return failure(err)
}

func (f *files) DeleteMount(ctx context.Context, id string) error {
	_, err := f.client().DeleteMountTarget(ctx, &efs.DeleteMountTargetInput{MountTargetId: aws.String(id)})
	return failure(err)
}
