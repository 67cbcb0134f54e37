package moto

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestMissingEnvironmentSaysHowToMakeIt(t *testing.T) {
	t.Setenv(PythonEnv, "")
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/go.mod", []byte("module x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if _, err := Start(Options{}); err == nil || !strings.Contains(err.Error(), "make tools") {
		t.Errorf("Start without a virtual environment = %v, wanted an error that says `make tools`", err)
	}
	t.Setenv(PythonEnv, dir+"/no-such-python")
	if _, err := Start(Options{}); err == nil || !strings.Contains(err.Error(), PythonEnv) {
		t.Errorf("Start with a bad %s = %v, wanted an error that names it", PythonEnv, err)
	}
}

func TestResetForgetsAndStopEnds(t *testing.T) {
	s := ForTest(t, Options{})
	call(t, s, "Action=CreateKeyPair&KeyName=one")
	if body := call(t, s, "Action=DescribeKeyPairs"); !strings.Contains(body, "<keyName>one</keyName>") {
		t.Fatalf("the key pair is not there before the reset:\n%s", body)
	}
	if err := s.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	if body := call(t, s, "Action=DescribeKeyPairs"); strings.Contains(body, "<keyName>") {
		t.Errorf("the key pair is still there after the reset:\n%s", body)
	}
	s.Stop()
	s.Stop()
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the emulator still answers after Stop")
	}
}

func TestValidateRefusesUnknownImages(t *testing.T) {
	s := ForTest(t, Options{Validate: true})
	body := call(t, s, "Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=t4g.small&ImageId=ami-00000000000000000")
	if !strings.Contains(body, "InvalidAMIID") {
		t.Errorf("RunInstances with an unknown image answered\n%s", body)
	}
}

// TestEndsWithItsParent starts this test binary again as a process that starts
// an emulator and dies by SIGKILL, which runs no clean-up of any kind.
func TestEndsWithItsParent(t *testing.T) {
	if os.Getenv("MOTO_TEST_PARENT") == "1" {
		s := ForTest(t, Options{})
		_, _ = os.Stdout.WriteString("url " + s.URL() + "\n")
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestEndsWithItsParent$")
	cmd.Env = append(os.Environ(), "MOTO_TEST_PARENT=1")
	// File 3 is inherited by the parent and, not being close-on-exec there, by the
	// emulator: reading its other end returns only when both are gone.
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	cmd.ExtraFiles = []*os.File{write}
	out, err := cmd.Output()
	_ = write.Close()
	if err == nil {
		t.Fatal("the parent ended by itself, wanted SIGKILL")
	}
	url := strings.TrimSpace(strings.TrimPrefix(string(out), "url "))
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("the parent printed %q, wanted the emulator's URL", out)
	}
	if _, err := io.ReadAll(read); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("the emulator still answers after its parent was killed")
	}
}

func call(t *testing.T, s *Server, form string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.URL(), strings.NewReader(form+"&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=testing/20260101/"+Region+"/ec2/aws4_request, SignedHeaders=host, Signature=x")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
