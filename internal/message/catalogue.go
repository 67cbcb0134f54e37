// Package message is the catalogue of everything the switcher says: each log
// line, notice and refusal carries a stable code, so that people can search for
// it, alarm on it and read in docs/messages.md what to do. That page is
// generated from this catalogue (go generate ./internal/message).
package message

//go:generate go run ./generate ../../docs/messages.md

import "log/slog"

// Code is the stable identity of a message. Codes are never reused.
type Code string

// Definition explains a code.
type Definition struct {
	Code   Code
	Level  slog.Level
	Text   string // what is logged
	Cause  string // why it is said
	Action string // what a person does; "None." if nothing
}

// The codes. 1xx tell what happened, 2xx are holds, 3xx interruptions, 4xx errors.
const (
	EventUnknown     Code = "WR101"
	EventForeign     Code = "WR102"
	EventDuplicate   Code = "WR103"
	EventStale       Code = "WR104"
	NotEligible      Code = "WR105"
	NodeHealthy      Code = "WR106"
	HandedOver       Code = "WR107"
	NodePaused       Code = "WR108"
	Continued        Code = "WR109"
	SwitchStarted    Code = "WR110"
	BlueprintTaken   Code = "WR111"
	FenceBegun       Code = "WR112"
	Fenced           Code = "WR113"
	LaunchRequested  Code = "WR114"
	LaunchAccepted   Code = "WR115"
	Granted          Code = "WR116"
	NodeServes       Code = "WR117"
	SwitchCompleted  Code = "WR118"
	NodeCreated      Code = "WR119"
	NodeDeleted      Code = "WR120"
	NextCandidate    Code = "WR121"
	Abandoned        Code = "WR122"
	AlarmArmed       Code = "WR123"
	StrayCondemned   Code = "WR124"
	RequestAccepted  Code = "WR125"
	RequestAnswered  Code = "WR126"
	SettingsStored   Code = "WR127"
	SuspicionPassed  Code = "WR128"
	BlueprintKept    Code = "WR129"
	CondemnedRunning Code = "WR130"
	HoldEnded        Code = "WR131"
	SwitchCancelled  Code = "WR132"
	RestartBegun     Code = "WR133"
	Acknowledged     Code = "WR134"
	LaunchGivenUp    Code = "WR135"
	StorageFenced    Code = "WR136"
	FenceWaived      Code = "WR137"
	MountRestored    Code = "WR138"
	ClaimReleased    Code = "WR139"
	PlannedStarted   Code = "WR150"
	Drained          Code = "WR151"
	PlannedCancelled Code = "WR152"
	RolledBack       Code = "WR153"
	NodeStayed       Code = "WR154"
	Adopted          Code = "WR155"
	InstanceRetained Code = "WR156"
	EventAnnounced   Code = "WR157"
	RecoveryAwaited  Code = "WR158"
	CheckWatches     Code = "WR159"
	PlannedGivenUp   Code = "WR160"
	EndLacks         Code = "WR168"
	FencesFirst      Code = "WR169"
	WillDiffer       Code = "WR173"
	Reapplied        Code = "WR174"
	PauseBegun       Code = "WR141"
	PauseOver        Code = "WR142"
	OffBegun         Code = "WR143"
	OffOver          Code = "WR144"
	OrderVoid        Code = "WR145"
	DrillBegun       Code = "WR146"
	DeliveryGivenUp  Code = "WR180"

	HeldNoCandidate   Code = "WR201"
	HeldCoolDown      Code = "WR202"
	HeldInstanceStore Code = "WR203"
	HeldQuota         Code = "WR204"
	HeldLaunchOpen    Code = "WR205"
	HeldBrake         Code = "WR206"
	HeldTags          Code = "WR208"
	HeldUnanswered    Code = "WR209"
	CondemnedUntagged Code = "WR165"
	TableAdopted      Code = "WR167"
	TableRestored     Code = "WR309"
	HeldOff           Code = "WR211"

	FenceOverdue     Code = "WR301"
	PermissionDenied Code = "WR302"
	LaunchInvalid    Code = "WR303"
	NoBlueprint      Code = "WR304"
	AttemptsSpent    Code = "WR305"
	CallRejected     Code = "WR306"
	BalancerDisputes Code = "WR307"
	ForcedStop       Code = "WR308"
	AccountBarred    Code = "WR314"
	AddressDiffers   Code = "WR312"

	CallFailed     Code = "WR401"
	LeaseLost      Code = "WR402"
	RequestRefused Code = "WR403"
	InvocationFail Code = "WR404"
	ForeignTagged  Code = "WR405"
	VPCOwned       Code = "WR408"
)

const none = "None."

// Catalogue lists every message, by code.
var Catalogue = []Definition{
	{EventUnknown, slog.LevelInfo, "event not handled", "The event is of a kind the switcher does not act on, is malformed, or comes from another account or Region.", "None. If you sent it yourself, compare it with the documented event."},
	{EventForeign, slog.LevelDebug, "event of another instance or alarm ignored", "The instance or alarm belongs to no node of this switcher. EC2 tells every switcher of the Region about every instance.", none},
	{EventDuplicate, slog.LevelInfo, "duplicate event", "A switch of the node is already under way; the event adds nothing.", none},
	{EventStale, slog.LevelInfo, "event about a former instance ignored", "The instance no longer carries the node: its grant was revoked in an earlier epoch.", none},
	{NotEligible, slog.LevelWarn, "node is not eligible for recovery", "The instance's recovery tag is not \"true\", or its node-id tag does not match the record.", "Set the tags right if the node should be recovered."},
	{NodeHealthy, slog.LevelInfo, "nothing to do", "The truth was read again and shows no failure: the instance runs and no believed alarm is in ALARM.", none},
	{HandedOver, slog.LevelInfo, "left to the leader", "Another invocation holds the VPC's lease and will see the hint.", none},
	{NodePaused, slog.LevelWarn, "node is paused", "An operator paused recoveries of this node.", "Resume the node when the work on it is done. The failure is looked at again then."},
	{Continued, slog.LevelInfo, "continued in another invocation", "The invocation's time is nearly used up; the state is saved and the switcher called again.", none},
	{SwitchStarted, slog.LevelWarn, "switch started", "A failure was confirmed. The epoch is raised and the old instance's grant revoked.", "None. Follow the switch by its id."},
	{BlueprintTaken, slog.LevelInfo, "blueprint recorded", "All that the replacement inherits was read before anything was touched.", none},
	{BlueprintKept, slog.LevelWarn, "earlier blueprint used", "The instance can no longer be described whole (terminated, or quarantined by an interrupted run); the blueprint recorded earlier is used.", "Check after the switch that nothing changed by hand since then is missing."},
	{FenceBegun, slog.LevelWarn, "point of no return", "The old instance is being powered off: isolated when it failed, by its own operating system in a planned switch. Later signs of health are ignored.", none},
	{Fenced, slog.LevelInfo, "fence confirmed", "EC2 confirms that every earlier instance of the node is stopped or terminated.", none},
	{LaunchRequested, slog.LevelInfo, "replacement requested", "A candidate was chosen and the whole request saved before it was sent.", none},
	{LaunchAccepted, slog.LevelInfo, "replacement accepted", "EC2 accepted the launch.", none},
	{Granted, slog.LevelInfo, "grant given", "The replacement runs and every other instance of the node was seen off again just before.", none},
	{NodeServes, slog.LevelInfo, "node serves", "The replacement is healthy in every target group that exists and that a load balancer uses. The reason names the others.", none},
	{SwitchCompleted, slog.LevelWarn, "switch completed", "Targets and alarms name the replacement, the old instance is removed.", "After a recovery, look into the cause of the failure. After a planned switch or an update: none."},
	{NodeCreated, slog.LevelInfo, "node created", "The node's first instance serves.", none},
	{NodeDeleted, slog.LevelInfo, "node deleted", "Nothing of the node is left and its id is free.", none},
	{ClaimReleased, slog.LevelInfo, "claim released", "An invocation that was suspended claimed a node id for a deployment that had been answered meanwhile. The id is free again.", none},
	{NextCandidate, slog.LevelWarn, "candidate cannot take the node", "The zone lacks capacity or addresses, does not offer the instance type, or what the launch is bound to (a reservation, a host) has no room. The reason has EC2's own words.", "None. If it happens often, add zones or reserve capacity."},
	{Abandoned, slog.LevelWarn, "replacement abandoned", "The replacement died or did not become healthy in time. It is condemned and another one tried.", "Look at the abandoned instance's state reason and console output; it is kept stopped until the switch ends."},
	{AlarmArmed, slog.LevelInfo, "alarm armed", "The alarm has been OK, so from now on its ALARM is believed.", none},
	{StrayCondemned, slog.LevelWarn, "stray instance condemned", "An instance that this switcher launched for the node but never granted was found; it is stopped and terminated.", none},
	{RequestAccepted, slog.LevelInfo, "deployment request accepted", "CloudFormation asked to create, update or delete a node.", none},
	{RequestAnswered, slog.LevelInfo, "deployment request answered", "CloudFormation was told the outcome.", none},
	{SettingsStored, slog.LevelInfo, "settings stored", "A deployment changed the node. A changed launch template applies at the next switch.", none},
	{SuspicionPassed, slog.LevelInfo, "suspicion passed", "The failure did not last for the confirm window.", none},
	{CondemnedRunning, slog.LevelWarn, "condemned instance runs again", "Somebody started an instance that was fenced. It is stopped again.", "Do not start it: it no longer carries the node. Pause the node first if you need it for an analysis."},
	{HoldEnded, slog.LevelInfo, "hold ended", "The cause of the hold is gone or its time is over; the switch goes on.", none},
	{SwitchCancelled, slog.LevelWarn, "switch cancelled", "The instance became healthy again before anything irreversible was done. It carries the node on in a new epoch, with its security groups given back.", "Look into what made it look failed."},
	{RestartBegun, slog.LevelWarn, "original is started again in place", "No candidate can take the node, and the node allows its failed instance to be started again (Recovery.RestartOriginal).", "Add a destination zone, reserve capacity, or name alternative instance types."},
	{Acknowledged, slog.LevelInfo, "failures acknowledged", "A person acknowledged the node's failures: its hold and its cool-down end.", none},
	{LaunchGivenUp, slog.LevelWarn, "unanswered launch given up", "EC2 did not answer the launch in time. The node has a gate, so an instance that comes of it can do no harm; it is reaped when it is seen, and the next candidate is asked.", none},
	{StorageFenced, slog.LevelWarn, "storage fence holds", "EC2 did not confirm the old instance off in time, or only after a forced stop, which alone is weak evidence. Its zone's mount target of the node's own file system is gone, so it cannot write there any more.", "Look at the instance. The mount target is put back when EC2 confirms it off, ten minutes after a forced stop."},
	{FenceWaived, slog.LevelWarn, "going on without a fence", "EC2 did not confirm the old instance off in time, and the node declares that two of its instances may run (Fence.Escalation go-on). It is taken out of the target groups first.", "Look at the instance and terminate it."},
	{MountRestored, slog.LevelInfo, "mount target restored", "The mount target that the storage fence removed is there again.", none},

	{PlannedStarted, slog.LevelInfo, "planned switch started", "A deployment, a person or an announcement by AWS moves a node that is well. It is taken out of its target groups first and keeps its grant until the requests under way are finished.", none},
	{Drained, slog.LevelInfo, "node drained", "The requests under way are finished, or their time is over. The grant is revoked and the instance's operating system is asked to shut down.", none},
	{PlannedCancelled, slog.LevelInfo, "planned switch cancelled", "What it was for is not wanted any more. The instance is registered again.", none},
	{RolledBack, slog.LevelError, "changed launch template given up", "An instance of the changed launch template could not be had or did not become healthy in its time. The node is what it was before: an update starts the original instance again, a recovery launches the last good blueprint. That version is not tried again before a deployment asks for it.", "Mend what the reason names (the image, its user data, the type) and deploy again."},
	{NodeStayed, slog.LevelInfo, "node stayed where it was", "The switch was cancelled or rolled back, and the same instance serves again.", none},
	{Adopted, slog.LevelInfo, "instance adopted", "A running instance was tagged and recorded as the node's, without a restart.", none},
	{InstanceRetained, slog.LevelInfo, "instance retained", "The node was deleted and its instance left running, without the tags that made it the node's.", none},
	{EventAnnounced, slog.LevelWarn, "AWS announced an event of the node's instance", "EC2 will retire, stop or reboot the instance, or maintain its host. The node is moved by a planned switch before (NoticeLeadSeconds).", "None. To choose another time, switch the node yourself before."},
	{CondemnedUntagged, slog.LevelWarn, "old instance cannot be tagged", "EC2 refuses the tag recovery:condemned of an instance that is off already. The instance is in quarantine, so the switch goes on. Without the tag the switcher may not terminate the instance: it stays stopped.", "Make room among the instance's tags, or give the role the permission named in the reason. The switcher then terminates the instance. Or terminate it yourself."},
	{TableAdopted, slog.LevelWarn, "restored record adopted", "A person confirmed that the table was restored. The node's epoch is above every epoch that is visible in EC2, and the record names the instance that runs.", "None."},
	{PauseBegun, slog.LevelWarn, "node is paused from now on", "An operator paused recoveries of this node. A switch that is under way goes on.", "None: it ends by itself. To end it earlier: recoveryctl resume."},
	{PauseOver, slog.LevelWarn, "pause ended", "The pause's time is over, or an operator ended it. A failure is recovered again.", none},
	{OffBegun, slog.LevelWarn, "recoveries switched off", "An operator put the brake on: no recovery of any node of the VPC begins. A switch that is under way goes on, and an operator's planned switch still can be ordered.", "Take the brake off when the work is done: recoveryctl brake off."},
	{OffOver, slog.LevelWarn, "recoveries switched on again", "An operator took the brake off.", none},
	{OrderVoid, slog.LevelInfo, "order changes nothing", "An operator's order came too late, or says what is so already.", none},
	{DrillBegun, slog.LevelWarn, "drill announced", "An operator is about to break the node for practice (recoveryctl drill). It is recovered like after any failure.", none},
	{RecoveryAwaited, slog.LevelWarn, "EC2's own recovery is awaited", "The instance's status checks fail, and the node waits for EC2's automatic recovery of it before it is switched.", none},
	{CheckWatches, slog.LevelInfo, "application status check associated", "EC2's application status check looks at whatever instance carries the node's id tag.", none},
	{PlannedGivenUp, slog.LevelError, "planned switch given up", "No candidate could take the node, and its instance had not been asked to stop yet: it is registered again and serves on.", "Mend what the reason names (capacity, quota, permission) and order the switch again: recoveryctl switch."},
	{EndLacks, slog.LevelError, "switch ended, and something is missing", "The node runs and the switch has ended, but a target group, a load balancer, an alarm or a mount target that the node should have is gone. The reason names each. The node may get no traffic, or its next failure may not be seen.", "Restore what the reason names, or deploy the node without it. A registration that is only missing is put back by the sweep."},
	{FencesFirst, slog.LevelWarn, "failed instance is fenced before the launch", "The node has a gate, and EC2 refused to launch its replacement beside the failed instance because of a quota that counts instances that run. The failed instance is powered off first and gives its share back. Later signs of health are ignored.", "Raise the quota, so that replacements can boot beside the fence."},
	{DeliveryGivenUp, slog.LevelError, "delivery given up", "A notice, an event or an answer to CloudFormation could not be delivered: its address has expired, or it failed for as long as it is worth trying.", "Look at the reason. If it was an answer, the stack waits until its own time-out: cancel or retry the deployment. If it was a notice or an event, check the topic or the event bus, and read recoveryctl history for what was missed."},
	{WillDiffer, slog.LevelWarn, "a replacement would differ", "The instance has settings that a replacement could not inherit, or would not need. A person changed the instance since it was launched or adopted. People are notified when the settings change.", "Undo the change that the reason names, or accept the difference. docs/inheritance.md lists what becomes of every setting."},
	{Reapplied, slog.LevelInfo, "setting applied after the launch", "A setting that no launch request can ask for is applied to the instance before the node serves: a source/destination check that is off, the node's Elastic IP address.", none},

	{HeldNoCandidate, slog.LevelError, "held: no candidate left", "Every destination zone was tried or is known to lack capacity, or no destination subnet exists.", "The switch retries by itself. Add a destination subnet in another zone, reserve capacity, or choose an instance type that more zones offer."},
	{HeldCoolDown, slog.LevelError, "held: node keeps failing", "The node was switched as often as the policy allows within its window (MaxSwitches), or an alarm reports a failure again shortly after a switch (CoolDownSeconds).", "Mend the application or its image. The node is recovered again when the time in the reason has passed, or at once when you acknowledge it."},
	{HeldInstanceStore, slog.LevelError, "held: instance cannot be stopped", "EC2 does not stop the instance: its root device is an instance store, or the reason names another cause. Terminating it is the only fence, and the node does not allow that.", "Set Fence.AllowTerminate on the node and deploy, or terminate the instance yourself."},
	{HeldQuota, slog.LevelError, "held: account quota reached", "EC2 refused the launch because of a quota of the account.", "Raise the quota named in the reason. The switch retries by itself."},
	{HeldLaunchOpen, slog.LevelError, "held: an earlier launch request may still arrive", "An invocation was cut off around its launch request. EC2 refused the request when it was repeated, but the first one could still reach EC2 and be accepted, so no other zone is asked before that is ruled out.", "None. The switch goes on by itself, at the latest when the time in the reason has passed."},
	{HeldBrake, slog.LevelError, "held: the brake is on", "More nodes of the VPC fail at once than the policy allows, and no failure of one Availability Zone explains it: the monitoring may be broken, or somebody stopped them. Nothing is touched. One notice tells of all of them.", "Find the common cause: the agents, a deployment, a person. The nodes are recovered by themselves when the share falls to the policy's BrakePercent, or when EC2 shows the fault of one zone. To recover one all the same, order its switch (recoveryctl switch); for all of them, set the policy's BrakePercent to 100 and deploy."},
	{HeldTags, slog.LevelError, "held: too many tags", "EC2 allows 50 tags on a resource and the switcher needs six of them on an instance. The tags of the instance named in the reason, or those of the launch, do not leave room for them. No quota raises that number.", "Remove tags from what the reason names until at most 44 of your own are left. The switch retries automatically."},
	{HeldUnanswered, slog.LevelError, "held: AWS does not answer", "A call that the switch needs has been throttled, failed on AWS's side, or brought no usable answer for more than three minutes. The reason names the call, the time since when, and AWS's last words. Nothing is lost: the call is repeated until it is answered.", "Look at the AWS Health Dashboard for the service. For throttling, find out which other program of the account uses up the API's quota. The switch goes on with the first answer."},
	{HeldOff, slog.LevelError, "held: recoveries are switched off", "The node fails, and an operator put the brake on for the whole VPC (recoveryctl brake on).", "Take the brake off (recoveryctl brake off): the node is looked at again at once."},

	{FenceOverdue, slog.LevelError, "interrupted: old instance is not confirmed off", "EC2 has not reported the old instance stopped or terminated within the policy's time. Without that proof no replacement is granted.", "Look at the instance in EC2; terminate it there, or ask AWS support if its host is dead. The switch goes on when EC2 confirms."},
	{PermissionDenied, slog.LevelError, "interrupted: permission missing", "AWS denied a call that the switch needs.", "Give the switcher's role the permission named in the reason (or the key's policy, for KMS). The switch goes on by itself."},
	{LaunchInvalid, slog.LevelError, "interrupted: launch request is not valid", "EC2 will never accept the launch as it is: a missing image, key pair, security group or the like.", "Restore what the reason names, or deploy the node with a valid launch template. The switch tries again by itself. The old instance is stopped, not terminated."},
	{NoBlueprint, slog.LevelError, "interrupted: no blueprint", "The instance is gone and no blueprint was ever recorded.", "Deploy the node again, so that it is launched from its launch template."},
	{AttemptsSpent, slog.LevelError, "interrupted: replacements do not become healthy", "As many replacements as the policy allows died or stayed unhealthy.", "Look at the kept instances and the application. The switch tries again by itself at the next retry."},
	{TableRestored, slog.LevelError, "interrupted: the record is older than an instance", "An instance of the node carries a higher epoch than its record, or belongs to a launch that the record does not know: the table was restored to an earlier point in time. Nothing is launched, stopped or registered for the node.", "Compare recoveryctl show with the instances in EC2, then adopt the restored table: recoveryctl adopt-table (docs/operations.md)."},
	{CallRejected, slog.LevelError, "interrupted: AWS rejects a call", "AWS answers a call that the switch needs with a permanent error.", "Mend what the reason names. The switch tries again by itself."},

	{ForcedStop, slog.LevelError, "interrupted: a forced stop is not proof enough", "The old instance was stuck and EC2 stopped it by force. AWS says that a forced stop in rare cases results in post-stop writes to EBS volumes or other shared resources. The node's data is not on a file system of its own that the instance could be cut off from, and the node does not set Fence.AcceptForcedStop. No replacement is granted.", "Make sure that the instance cannot write the node's data any more: revoke its access, or ask AWS support whether its host is off. Then set Fence.AcceptForcedStop on the node and deploy. The switch goes on at once."},

	{BalancerDisputes, slog.LevelError, "interrupted: load balancer and node disagree", "The load balancer does not call the replacement healthy, but the node's own application alarm is OK. The load balancer's word alone does not condemn an instance.", "Check the target group's health check, port and security groups. The switch goes on when the target is healthy."},
	{AddressDiffers, slog.LevelError, "interrupted: Elastic IP address is another one", "The allocation id and the address that the node declares do not belong to each other.", "Correct Network.ElasticIp of the node (AllocationId and PublicIp of one address) and deploy. The switch goes on when the instance has the address."},

	{AccountBarred, slog.LevelError, "interrupted: AWS refuses the account", "AWS refuses the account itself, whatever its roles allow: it is not verified yet, has not subscribed to the service, or is blocked.", "Clear what the reason names with AWS Support or in the account's settings; no permission of the switcher's role changes it. The switch then goes on automatically."},

	{CallFailed, slog.LevelWarn, "call failed", "A call to AWS failed or got no answer. It is repeated after another look.", "None, unless it goes on: then check the service's health."},
	{LeaseLost, slog.LevelWarn, "lease lost", "Another invocation took over. This one stops acting.", none},
	{RequestRefused, slog.LevelError, "deployment request refused", "The request is not valid or the node id belongs to somebody else; the reason says which.", "Change the node as the reason says and deploy again."},
	{InvocationFail, slog.LevelError, "invocation failed", "The switcher could not read or write its table, or look at AWS. Lambda tries again; the sweep finds what is left.", "If it goes on, check DynamoDB, the role's permissions and the reason."},
	{ForeignTagged, slog.LevelWarn, "foreign instance carries the node id", "An instance that the switcher did not launch carries the node's id tag. It is not touched.", "Remove the tag from it, or give it another id."},
	{VPCOwned, slog.LevelError, "another switcher owns the VPC", "Two switchers have the same VPC and table. The one that the VPC's lease names acts; the other one touches no node and refuses deployments.", "Delete one of the two Switchers. Nodes stay with the switcher that made them."},
}

var byCode = func() map[Code]Definition {
	m := make(map[Code]Definition, len(Catalogue))
	for _, d := range Catalogue {
		m[d.Code] = d
	}
	return m
}()

// Find returns the definition of a code.
func Find(c Code) (Definition, bool) {
	d, ok := byCode[c]
	return d, ok
}
