package awscloud

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func body(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func failing(status int, code string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"ErrorCode":%q,"Message":"m"}`, code)
	}
}

// Between the two calls that a mount target takes to be read it may change.
func TestMounts(t *testing.T) {
	const target = `{"FileSystemId":"fs-1","MountTargetId":"%s","SubnetId":"subnet-%[1]s","AvailabilityZoneName":"%[2]s","IpAddress":"10.0.0.1","LifeCycleState":"%[3]s"}`
	list := `{"MountTargets":[` + fmt.Sprintf(target, "c", "1c", "available") + `,` + fmt.Sprintf(target, "a", "1a", "available") + `,` +
		fmt.Sprintf(target, "d", "1d", "deleting") + `,` + fmt.Sprintf(target, "gone", "1a", "deleted") + `,` + fmt.Sprintf(target, "new", "1e", "creating") + `,` +
		fmt.Sprintf(target, "going", "1f", "available") + `,` + fmt.Sprintf(target, "went", "1g", "available") + `]}`
	ports := rest(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /2015-02-01/mount-targets":                       body(list),
		"GET /2015-02-01/mount-targets/c/security-groups":     body(`{"SecurityGroups":["sg-2","sg-1"]}`),
		"GET /2015-02-01/mount-targets/a/security-groups":     body(`{"SecurityGroups":["sg-1"]}`),
		"GET /2015-02-01/mount-targets/new/security-groups":   failing(409, "IncorrectMountTargetState"),
		"GET /2015-02-01/mount-targets/going/security-groups": failing(409, "IncorrectMountTargetState"),
		"GET /2015-02-01/mount-targets/went/security-groups":  failing(404, "MountTargetNotFound"),
	})
	got, err := ports.Files.Mounts(t.Context(), "fs-1")
	if err != nil {
		t.Fatal(err)
	}
	mount := func(id, zone, state string, groups ...string) cloud.Mount {
		return cloud.Mount{ID: id, Subnet: "subnet-" + id, Zone: zone, IP: "10.0.0.1", State: state, Groups: groups}
	}
	want := []cloud.Mount{
		mount("a", "1a", "available", "sg-1"), mount("c", "1c", "available", "sg-1", "sg-2"), mount("d", "1d", "deleting"),
		mount("new", "1e", "creating"), mount("going", "1f", "deleting"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mounts differ (-want +got):\n%s", diff)
	}
}

// Mount targets that cannot be read must not look like targets without groups, nor
// like none: a fence rests on that they are gone.
func TestMountsThatCannotBeReadAreAnError(t *testing.T) {
	const list = `{"MountTargets":[{"FileSystemId":"fs-1","MountTargetId":"a","SubnetId":"s","LifeCycleState":"available"}]}`
	for code, c := range map[string]struct {
		status int
		want   cloud.Kind
	}{"AccessDeniedException": {403, cloud.Denied}, "InternalServerError": {500, cloud.Ambiguous}, "BadRequest": {400, cloud.Invalid}} {
		for name, answers := range map[string]map[string]func(http.ResponseWriter, *http.Request){
			"targets": {"/": failing(c.status, code)},
			"groups":  {"GET /2015-02-01/mount-targets": body(list), "/": failing(c.status, code)},
		} {
			found, err := rest(t, answers).Files.Mounts(t.Context(), "fs-1")
			if !cloud.Is(err, c.want) || found != nil {
				t.Errorf("%s of %s: %v, %v, wanted kind %q and nothing found", code, name, found, err, c.want)
			}
		}
	}
	if _, err := rest(t, map[string]func(http.ResponseWriter, *http.Request){"/": failing(404, "FileSystemNotFound")}).Files.Mounts(t.Context(), "fs-1"); !cloud.Is(err, cloud.NotFound) {
		t.Errorf("mounts of an unknown file system: %v, wanted kind not found", err)
	}
}

// The address is left to EFS, whatever the target had before.
func TestCreateMountNamesSubnetAndGroups(t *testing.T) {
	s, ports := start(t, 200, `{}`)
	m := cloud.Mount{ID: "fsmt-1", Subnet: "subnet-1", Zone: "1a", IP: "10.0.0.9", State: "available", Groups: []string{"sg-1", "sg-2"}}
	if err := ports.Files.CreateMount(t.Context(), "fs-1", m); err != nil {
		t.Fatal(err)
	}
	if want := `POST application/json {"FileSystemId":"fs-1","SecurityGroups":["sg-1","sg-2"],"SubnetId":"subnet-1"}`; s.requests[0] != want {
		t.Errorf("sent %s, wanted %s", s.requests[0], want)
	}
}

// Without groups EFS would take the VPC's default one, which may admit anybody.
func TestCreateMountWithoutGroupsIsRefused(t *testing.T) {
	s, ports := start(t, 200, `{}`)
	if err := ports.Files.CreateMount(t.Context(), "fs-1", cloud.Mount{Subnet: "subnet-1"}); !cloud.Is(err, cloud.Invalid) || len(s.requests) != 0 {
		t.Errorf("error = %v after %d requests, wanted kind invalid and none", err, len(s.requests))
	}
}
