package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// launch is one start of a function.
type launch struct {
	poll, event float64 // seconds from the start to the first poll, and from the event to its answer
	memory      float64 // MB
}

func pollOf(l launch) float64  { return l.poll }
func eventOf(l launch) float64 { return l.event }
func heldOf(l launch) float64  { return l.memory }

// configuration is a switcher's; AWS is this process.
const configuration = `{"name":"one","vpc":"vpc-1","blackholeGroup":"sg-1","table":"t","topic":"arn:aws:sns:eu-west-1:111122223333:t",` +
	`"function":"f","idTag":"id","targetTag":"target","policy":{}}`

// What the functions are asked: nothing that concerns a switcher, so that it needs no
// client; and a sweep of a VPC without nodes, which needs the table's alone.
const (
	foreign = `{"source":"somebody","detail-type":"Something"}`
	sweep   = `{"source":"workload-recovery","detail-type":"Recovery Sweep"}`
)

// function measures the switcher and the least function side by side, as Lambda would
// run them: by a Runtime API, here one that answers at once.
func function(ctx context.Context, b bench) (string, error) {
	for name, source := range map[string]string{"switcher": "./lambda/switcher", "hello": "./test/bench/hello"} {
		if err := quietly(ctx, "", "go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", scratch+"/"+name, source); err != nil {
			return "", err
		}
	}
	subjects := []struct {
		name, binary, event string
		launches            []launch
	}{
		{name: "hello world", binary: "hello", event: foreign},
		{name: "switcher, an event that does not concern it", binary: "switcher", event: foreign},
		{name: "switcher, a sweep of a VPC without nodes", binary: "switcher", event: sweep},
	}
	runs := 10 * b.runs // each takes a few milliseconds
	for i := range runs + 1 {
		for j := range subjects {
			s := &subjects[j]
			l, err := start(ctx, scratch+"/"+s.binary, s.event)
			if err != nil {
				return "", fmt.Errorf("%s: %w", s.name, err)
			}
			if i > 0 { // the first fills caches
				s.launches = append(s.launches, l)
			}
		}
	}
	out := &strings.Builder{}
	fmt.Fprintf(out, "Made by `make bench-function RUNS=%d`, medians of %d starts in turn, on %s, over the same of a hello-world function in Go.\n\n", b.runs, runs, runtime.GOARCH)
	t := newTable("", "start to first poll", "goal", "first event to its answer", "memory")
	least := subjects[0].launches
	for _, s := range subjects[1:] {
		t.row(s.name, ratio(median(s.launches, pollOf), median(least, pollOf)), "2",
			ratio(median(s.launches, eventOf), median(least, eventOf)), ratio(median(s.launches, heldOf), median(least, heldOf)))
	}
	zips, err := zipSizes(ctx)
	if err != nil {
		return "", err
	}
	return out.String() + t.String() + "\n" + zips, nil
}

// start runs a function for one event.
func start(ctx context.Context, binary, event string) (launch, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return launch{}, err
	}
	polled, answered := make(chan time.Time, 2), make(chan time.Time, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/invocation/next"):
			polled <- time.Now()
			if len(polled) > 1 { // it has answered, and gets no more
				<-r.Context().Done()
				return
			}
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:111122223333:function:f")
			_, _ = io.WriteString(w, event)
		case strings.Contains(r.URL.Path, "/invocation/"):
			answered <- time.Now()
			w.WriteHeader(http.StatusAccepted)
			if !strings.HasSuffix(r.URL.Path, "/response") {
				_, _ = io.Copy(os.Stderr, r.Body)
			}
		default: // the table: empty, and content with every write
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			_, _ = io.WriteString(w, "{}")
		}
	})}
	go func() { _ = server.Serve(listener) }() // ends by Close
	defer func() { _ = server.Close() }()

	address := listener.Addr().String()
	cmd := exec.CommandContext(ctx, binary)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + address, "AWS_ENDPOINT_URL=http://" + address, "AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "RECOVERY_CONFIG=" + configuration,
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return launch{}, err
	}
	var l launch
	select {
	case first := <-polled:
		l.poll = first.Sub(begin).Seconds()
		end := <-answered
		l.event = end.Sub(first).Seconds()
	case <-time.After(time.Hour):
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return l, fmt.Errorf("it never polled:\n%s", output.String())
	}
	_ = cmd.Process.Kill() // what it does next is not measured
	_ = cmd.Wait()         // by that kill
	_, l.memory = spent(cmd.ProcessState)
	return l, nil
}

// zipSizes are of both zips as a release carries them.
func zipSizes(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./scripts/bundle", "-out", scratch+"/bundle")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build the zips: %w", err)
	}
	t := newTable("zip", "MB", "goal")
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text()) // sum, file, (size, MB)
		if len(fields) != 4 {
			return "", fmt.Errorf("scripts/bundle printed %q, wanted a sum, a file and its size", lines.Text())
		}
		t.row(fields[1], strings.TrimPrefix(fields[2], "("), "5")
	}
	return t.String(), nil
}
