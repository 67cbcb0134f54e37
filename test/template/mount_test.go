package template

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// TestMountCommandsRun runs them, with a metadata service and a mount of the
// test's own, on a machine whose image brought another zone's line.
func TestMountCommandsRun(t *testing.T) {
	b := newBase(t)
	own := awsec2.UserData_ForLinux(nil)
	own.AddCommands(*b.node("Node", recovery.ClusterNodeProps{UserData: own}).MountCommands()...)
	data := at(t, flat(synth(t, b.stack).one(t, "AWS::EC2::LaunchTemplate", "Node").Properties), "LaunchTemplateData", "UserData").(string)
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("rpm", "#!/bin/sh\n", 0o700)
	write("mount", "#!/bin/sh\necho mount \"$@\"\n", 0o700)
	write("curl", `#!/bin/sh
case "$*" in
*"-X PUT"*"-ttl-seconds: "*/latest/api/token) echo the-token ;;
*"X-aws-ec2-metadata-token: the-token"*/placement/availability-zone) echo us-east-1c ;;
*) exit 22 ;;
esac
`, 0o700)
	write("fstab", "UUID=1 / xfs defaults 0 1\nfs-old:/ /data efs _netdev,az=us-east-1a,accesspoint=fsap-old 0 0\n", 0o600)
	// Names that CloudFormation would have filled in are left for the shell to keep.
	script := strings.NewReplacer("/etc/fstab", filepath.Join(dir, "fstab"), "mkdir -p /", "mkdir -p "+dir+"/",
		"${NodeDataPoint}", "fsap-data", "${NodeLogPoint}", "fsap-log", "${NodeData}", "fs-data").Replace(data)
	if i := strings.Index(script, "${import"); i >= 0 {
		script = script[:i] + "fs-log" + script[i+strings.Index(script[i:], "}")+1:]
	}
	for range 2 { // by hand again, say
		cmd := exec.Command("bash", "-eu")
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "mount -a -t efs\n" {
			t.Fatalf("%v: %s\nof\n%s", err, out, script)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "fstab"))
	if err != nil {
		t.Fatal(err)
	}
	want := `UUID=1 / xfs defaults 0 1
fs-data:/ /data efs _netdev,noresvport,tls,iam,az=us-east-1c,accesspoint=fsap-data 0 0
fs-log:/ /var/log/recovery efs _netdev,noresvport,tls,iam,accesspoint=fsap-log 0 0
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("fstab (-want +got):\n%s", diff)
	}
}
