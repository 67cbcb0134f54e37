package runtimeapi

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// worker is one process: what Lambda calls an execution environment.
type worker struct {
	f    *Function
	id   string
	cmd  *exec.Cmd
	gone chan struct{}   // closed when the process has ended
	next chan invocation // handed to the process's next GET
	done chan Result     // its answer
}

type invocation struct {
	id       string
	deadline time.Time
	payload  []byte
}

// callerPrefix begins the access key ids of a function's processes.
func callerPrefix(f *Function) string {
	return fmt.Sprintf("AKIA%08X", crc32.ChecksumIEEE([]byte(f.ARN)))
}

// newWorker starts a process. Its access key id is the worker's name, unique over
// all functions, so that the proxy can tell whose call it sees.
func newWorker(f *Function, n int) (*worker, error) {
	w := &worker{
		f: f, id: fmt.Sprintf("%s%06d", callerPrefix(f), n), gone: make(chan struct{}),
		next: make(chan invocation), done: make(chan Result, 1),
	}
	w.cmd = exec.Command(f.Binary)
	w.cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + f.addr + "/" + w.id,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + w.id,
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
		"AWS_REGION=" + f.Region, "AWS_DEFAULT_REGION=" + f.Region,
		"AWS_ACCESS_KEY_ID=" + w.id, "AWS_SECRET_ACCESS_KEY=emulator", "AWS_SESSION_TOKEN=emulator",
		"_HANDLER=bootstrap", "TZ=:UTC", "PATH=/usr/local/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT=/var/task",
	}
	for k, v := range f.Env {
		w.cmd.Env = append(w.cmd.Env, k+"="+v)
	}
	w.cmd.Env = append(w.cmd.Env, f.Extra...)
	// A file, not a pipe: what was written before an answer is there when it arrives.
	w.cmd.Stdout, w.cmd.Stderr = f.output, f.output
	if err := spawn(w.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", f.Binary, err)
	}
	go func() {
		_ = w.cmd.Wait() // how it ended shows in its invocation's result
		close(w.gone)
	}()
	return w, nil
}

func (w *worker) alive() bool {
	select {
	case <-w.gone:
		return false
	default:
		return true
	}
}

func (w *worker) kill() {
	_ = w.cmd.Process.Kill() // it may have ended by itself
	<-w.gone
}

// run hands one invocation over and waits for its end.
func (w *worker) run(inv invocation) Result {
	r := Result{RequestID: inv.id, Worker: w.id}
	t := time.NewTimer(time.Until(inv.deadline))
	defer t.Stop()
	next := w.next
	for {
		select {
		case next <- inv:
			next = nil
		case a := <-w.done:
			a.RequestID, a.Worker = inv.id, w.id
			return a
		case <-w.gone:
			// An answer posted just before the end counts.
			select {
			case a := <-w.done:
				r.Status, r.Payload = a.Status, a.Payload
			default:
				r.Status = Crashed
			}
			return r
		case <-t.C:
			w.kill()
			r.Status = TimedOut
			return r
		}
	}
}

// runtime serves the Runtime API: /<worker>/2018-06-01/runtime/...
func (f *Function) runtime(rw http.ResponseWriter, r *http.Request) {
	id, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/2018-06-01/runtime/")
	f.mu.Lock()
	w := f.all[id]
	f.mu.Unlock()
	if w == nil {
		http.Error(rw, "no such worker", http.StatusNotFound)
		return
	}
	switch {
	case r.Method == http.MethodGet && path == "invocation/next":
		w.serveNext(rw, r)
	case r.Method == http.MethodPost && path == "init/error":
		w.serveEnd(rw, r, Failed)
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/response"):
		w.serveEnd(rw, r, Succeeded)
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/error"):
		w.serveEnd(rw, r, Failed)
	default:
		http.Error(rw, "not part of the Runtime API: "+r.Method+" "+path, http.StatusNotFound)
	}
}

func (w *worker) serveNext(rw http.ResponseWriter, r *http.Request) {
	select {
	case inv := <-w.next:
		h := rw.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", w.f.ARN)
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
		_, _ = rw.Write(inv.payload) // a dead worker shows in run
	case <-r.Context().Done():
	case <-w.f.root.Done():
	}
}

func (w *worker) serveEnd(rw http.ResponseWriter, r *http.Request, s Status) {
	body, err := readBody(r)
	if err != nil {
		return // the process died while answering: run sees it
	}
	w.done <- Result{Status: s, Payload: json.RawMessage(body)}
	rw.WriteHeader(http.StatusAccepted)
	fmt.Fprint(rw, `{"status":"OK"}`)
}

func readBody(r *http.Request) ([]byte, error) {
	// 6 MB is Lambda's own limit of a request or an answer.
	return io.ReadAll(io.LimitReader(r.Body, 6<<20))
}
