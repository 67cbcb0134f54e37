package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"

	"github.com/workload-recovery/workload-recovery/constructs/internal/notice"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func (s *switcher) OnSwitched(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(s, id, options, s.name, 0, contract.DetailSwitched)
}

func (s *switcher) OnHeld(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(s, id, options, s.name, 0, contract.DetailHeld, contract.DetailHeldBrake)
}

func (s *switcher) OnInterrupted(id *string, options *awsevents.OnEventOptions) awsevents.Rule {
	return notice.On(s, id, options, s.name, 0, contract.DetailInterrupted)
}
