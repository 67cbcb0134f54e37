package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Config of a function, as its template has it.
type Config struct {
	Name    string
	ARN     string
	Region  string
	Binary  string            // path of the bootstrap
	Env     map[string]string // the template's variables
	Extra   []string          // "NAME=value" that Lambda or the harness adds
	Timeout time.Duration     // of one invocation
	Retries int               // of asynchronous invocations; Lambda's default is 2
	// OnDeadLetter, if set, is told of each asynchronous invocation given up.
	OnDeadLetter func(Letter)
}

// Letter is an asynchronous invocation that was given up.
type Letter struct {
	Payload  string
	Attempts int
	Last     Result
}

// Status of an invocation.
type Status string

// Statuses.
const (
	Succeeded Status = "succeeded"
	Failed    Status = "failed"    // the handler answered an error
	Crashed   Status = "crashed"   // the process ended first
	TimedOut  Status = "timed out" // the process was killed at its deadline
)

// Result of one invocation.
type Result struct {
	Status    Status
	RequestID string
	Worker    string
	Payload   json.RawMessage // the answer, or the error document
}

// Line is one line that a worker wrote.
type Line struct {
	Text   string
	Fields map[string]any // of a JSON line
}

// Function is a running function. Use Start.
type Function struct {
	Config
	server *http.Server
	addr   string
	output *os.File // of all workers, in the order of their writes
	root   context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	quiet    *sync.Cond // told when async falls to zero
	async    int        // asynchronous invocations queued or under way
	idle     []*worker
	all      map[string]*worker
	started  int
	requests int
	letters  []Letter
	results  []Result
}

// Start opens the Runtime API. Processes start with the first invocations.
func Start(c Config) (*Function, error) {
	if _, err := os.Stat(c.Binary); err != nil {
		return nil, fmt.Errorf("start function %s: %w: build the bootstrap first", c.Name, err)
	}
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("start function %s: its timeout is %s: it must be positive", c.Name, c.Timeout)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start function %s: %w", c.Name, err)
	}
	output, err := os.CreateTemp("", "recovery-function-*.log")
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("start function %s: %w", c.Name, err)
	}
	f := &Function{Config: c, addr: l.Addr().String(), output: output, all: map[string]*worker{}}
	f.quiet = sync.NewCond(&f.mu)
	f.root, f.cancel = context.WithCancel(context.Background())
	f.server = &http.Server{Handler: http.HandlerFunc(f.runtime)}
	go func() { _ = f.server.Serve(l) }() // ends with Close
	return f, nil
}

// Close kills all processes. Asynchronous invocations under way are abandoned.
func (f *Function) Close() {
	f.cancel()
	f.mu.Lock()
	workers := make([]*worker, 0, len(f.all))
	for _, w := range f.all {
		workers = append(workers, w)
	}
	f.mu.Unlock()
	for _, w := range workers {
		w.kill()
	}
	f.Settle()
	_ = f.server.Close()
	_ = f.output.Close()
	_ = os.Remove(f.output.Name())
}

// Invoke calls the function and waits for its end.
func (f *Function) Invoke(payload []byte) (Result, error) {
	return f.invoke(f.requestID(), payload)
}

// requestID is a new invocation's id. Retries of an asynchronous one keep it.
func (f *Function) requestID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.requests)
}

func (f *Function) invoke(id string, payload []byte) (Result, error) {
	w, err := f.take()
	if err != nil {
		return Result{}, err
	}
	f.mu.Lock()
	limit := f.Timeout
	f.mu.Unlock()
	r := w.run(invocation{id: id, deadline: time.Now().Add(limit), payload: payload})
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Status == Succeeded || r.Status == Failed {
		f.idle = append(f.idle, w)
	} else {
		delete(f.all, w.id)
	}
	f.results = append(f.results, r)
	return r, nil
}

// InvokeAsync queues an invocation of type Event.
func (f *Function) InvokeAsync(payload []byte) {
	f.count(1)
	go func() {
		defer f.count(-1)
		id := f.requestID()
		var last Result
		for attempt := 1; ; attempt++ {
			if f.root.Err() != nil {
				return
			}
			r, err := f.invoke(id, payload)
			if err != nil {
				r = Result{Status: Crashed, Payload: json.RawMessage(fmt.Sprintf("%q", err.Error()))}
			}
			if last = r; r.Status == Succeeded {
				return
			}
			if attempt > f.Retries {
				f.bury(Letter{Payload: string(payload), Attempts: attempt, Last: last})
				return
			}
		}
	}()
}

// SetTimeout changes the time-out of the invocations that begin from now on.
func (f *Function) SetTimeout(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Timeout = d
}

func (f *Function) bury(l Letter) {
	f.mu.Lock()
	f.letters = append(f.letters, l)
	f.mu.Unlock()
	if f.OnDeadLetter != nil {
		f.OnDeadLetter(l)
	}
}

// Settle waits until no asynchronous invocation is queued or under way.
func (f *Function) Settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.async > 0 {
		f.quiet.Wait()
	}
}

func (f *Function) count(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.async += n; f.async == 0 {
		f.quiet.Broadcast()
	}
}

// ServeInvoke answers the Lambda API's Invoke for this function: the switcher
// calling itself.
func (f *Function) ServeInvoke(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/invocations")
	body, err := readBody(r)
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case name != f.Name && name != f.ARN:
		w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"Type":"User","Message":"Function not found: %s"}`, name)
	case r.Header.Get("X-Amz-Invocation-Type") != "Event":
		w.Header().Set("X-Amzn-Errortype", "InvalidParameterValueException")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"Type":"User","Message":"only invocations of type Event are served here"}`)
	default:
		f.InvokeAsync(body)
		w.WriteHeader(http.StatusAccepted)
	}
}

// Kill ends a worker's process at once, as when Lambda takes its host away. It
// returns when the process is gone.
func (f *Function) Kill(id string) error {
	f.mu.Lock()
	w := f.all[id]
	f.mu.Unlock()
	if w == nil {
		return errors.New("kill worker " + id + ": there is none of this name")
	}
	w.kill()
	return nil
}

// Rest ends the processes that wait, as Lambda does after some quiet minutes: the
// next invocation starts with nothing remembered.
func (f *Function) Rest() {
	f.mu.Lock()
	idle := f.idle
	f.idle = nil
	for _, w := range idle {
		delete(f.all, w.id)
	}
	f.mu.Unlock()
	for _, w := range idle {
		w.kill()
	}
}

// Owns reports whether the access key id is that of one of the function's processes.
func (f *Function) Owns(caller string) bool {
	return strings.HasPrefix(caller, callerPrefix(f))
}

// Logs returns the lines that the workers wrote so far, in order, from the given
// line on.
func (f *Function) Logs(from int) ([]Line, error) {
	text, err := os.ReadFile(f.output.Name())
	if err != nil {
		return nil, fmt.Errorf("read the output of function %s: %w", f.Name, err)
	}
	var lines []Line
	for i, one := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if i < from || one == "" {
			continue
		}
		l := Line{Text: one}
		if strings.HasPrefix(one, "{") {
			_ = json.Unmarshal([]byte(one), &l.Fields) // text that only looks like JSON stays text
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// Results returns how all invocations ended, in order of their ends.
func (f *Function) Results() []Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Result(nil), f.results...)
}

// DeadLetters returns the asynchronous invocations given up.
func (f *Function) DeadLetters() []Letter {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Letter(nil), f.letters...)
}

// take returns an idle worker or starts one.
func (f *Function) take() (*worker, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.idle) > 0 {
		w := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if w.alive() {
			return w, nil
		}
		delete(f.all, w.id)
	}
	f.started++
	w, err := newWorker(f, f.started)
	if err != nil {
		return nil, err
	}
	f.all[w.id] = w
	return w, nil
}
