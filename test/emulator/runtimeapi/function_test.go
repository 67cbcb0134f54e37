package runtimeapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/test/wait"
)

const functionARN = "arn:aws:lambda:ap-northeast-1:123456789012:function:echo"

type reply struct {
	Request, ARN, Env, Endpoint string
	Deadline                    bool
	Process                     int
}

func start(t *testing.T, timeout time.Duration) (*Function, string) {
	t.Helper()
	dir := t.TempDir()
	bootstrap := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "./testdata/echo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the bootstrap: %v\n%s", err, out)
	}
	sign := filepath.Join(dir, "sign")
	f, err := Start(Config{
		Name: "echo", ARN: functionARN, Region: "ap-northeast-1", Binary: bootstrap, Timeout: timeout, Retries: 2,
		Env: map[string]string{"FROM_TEMPLATE": "yes"}, Extra: []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "SIGN=" + sign},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f, sign
}

func invoke(t *testing.T, f *Function, do string) (Result, reply) {
	t.Helper()
	r, err := f.Invoke([]byte(`{"Do":"` + do + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	var a reply
	if r.Status == Succeeded {
		if err := json.Unmarshal(r.Payload, &a); err != nil {
			t.Fatal(err)
		}
	}
	return r, a
}

func logs(t *testing.T, f *Function) []Line {
	t.Helper()
	lines, err := f.Logs(0)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestInvocationCarriesWhatLambdaGives(t *testing.T) {
	f, _ := start(t, time.Minute)
	r, a := invoke(t, f, "echo")
	if r.Status != Succeeded || a.Request != r.RequestID || a.ARN != functionARN || !a.Deadline || a.Env != "yes" || a.Endpoint != "http://127.0.0.1:1" {
		t.Errorf("result %+v, answer %+v", r, a)
	}
	_, again := invoke(t, f, "echo")
	if again.Process != a.Process {
		t.Errorf("second invocation ran in process %d, wanted the first one's, %d, again", again.Process, a.Process)
	}
	lines := logs(t, f)
	if len(lines) != 2 || lines[0].Fields["do"] != "echo" {
		t.Errorf("logged lines: %+v", lines)
	}
}

func TestEndsOfAnInvocation(t *testing.T) {
	f, _ := start(t, time.Minute)
	if r, _ := invoke(t, f, "fail"); r.Status != Failed || !strings.Contains(string(r.Payload), "as told") {
		t.Errorf("fail: %+v", r)
	}
	if r, _ := invoke(t, f, "exit"); r.Status != Crashed {
		t.Errorf("exit: %+v", r)
	}
	if r, _ := invoke(t, f, "echo"); r.Status != Succeeded {
		t.Errorf("after a crash: %+v", r)
	}
	f.SetTimeout(50 * time.Millisecond)
	if r, _ := invoke(t, f, "hang"); r.Status != TimedOut {
		t.Errorf("hang: %+v", r)
	}
}

func TestConcurrentInvocationsAndKill(t *testing.T) {
	f, sign := start(t, time.Minute)
	results := make([]Result, 3)
	var wg sync.WaitGroup
	for i := range results {
		wg.Add(1)
		go func() {
			defer wg.Done()
			results[i], _ = f.Invoke([]byte(`{"Do":"wait"}`))
		}()
	}
	wait.Until(t, "three invocations at work, each in a process of its own", func() bool { return len(logs(t, f)) == len(results) })
	victim := logs(t, f)[1].Fields["worker"].(string)
	if err := f.Kill(victim); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	workers := map[string]bool{}
	for _, r := range results {
		workers[r.Worker] = true
		want := Succeeded
		if r.Worker == victim {
			want = Crashed
		}
		if r.Status != want {
			t.Errorf("worker %s: %s, wanted %s", r.Worker, r.Status, want)
		}
	}
	if len(workers) != 3 {
		t.Errorf("%d processes for three invocations at once", len(workers))
	}
	if err := f.Kill("nobody"); err == nil {
		t.Error("killing a worker that does not exist succeeded")
	}
}

func TestAsynchronousInvocation(t *testing.T) {
	f, _ := start(t, time.Minute)
	post := func(name, kind, do string) int {
		r := httptest.NewRequest(http.MethodPost, "/2015-03-31/functions/"+name+"/invocations", strings.NewReader(`{"Do":"`+do+`"}`))
		r.Header.Set("X-Amz-Invocation-Type", kind)
		w := httptest.NewRecorder()
		f.ServeInvoke(w, r)
		return w.Code
	}
	for _, c := range []struct {
		name, kind, do string
		status         int
	}{
		{"echo", "Event", "echo", 202},
		{functionARN, "Event", "fail", 202},
		{"other", "Event", "echo", 404},
		{"echo", "RequestResponse", "echo", 400},
	} {
		if got := post(c.name, c.kind, c.do); got != c.status {
			t.Errorf("invoke %s %s: status %d, wanted %d", c.name, c.kind, got, c.status)
		}
	}
	f.Settle()
	letters := f.DeadLetters()
	if len(letters) != 1 || letters[0].Attempts != 3 || !strings.Contains(letters[0].Payload, "fail") || letters[0].Last.Status != Failed {
		t.Errorf("dead letters: %+v", letters)
	}
	attempts := map[string]int{}
	for _, r := range f.Results() {
		attempts[r.RequestID]++
	}
	if len(attempts) != 2 || attempts[letters[0].Last.RequestID] != 3 {
		t.Errorf("attempts by request id: %v, wanted one of one and one of three", attempts)
	}
}
