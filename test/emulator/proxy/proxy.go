package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Proxy is one front door to the emulator. Use New.
type Proxy struct {
	// URL is where callers find it.
	URL string
	// Authorize, if set, says why a call is not allowed, before it is carried out; a
	// test must fail on any. The harness's own calls are not asked about. Set it
	// before the first request.
	Authorize func(context.Context, Call) error
	// Sign, if set, signs what goes to the emulator, for one that checks signatures. The
	// caller is an access key id, Observer for the harness's own calls and for those that
	// fill a gap.
	Sign func(caller string, r *http.Request, body []byte) error

	upstream string
	account  string
	server   *http.Server
	client   *http.Client
	routes   []route

	mu       sync.Mutex
	calls    []Call
	faults   []*Fault
	failures []string
	gaps     gaps
}

// route is a call that the proxy's owner answers instead of the emulator.
type route struct {
	prefix, service, action string
	handler                 http.HandlerFunc
}

// New starts a proxy on a free loopback port. The account (12 digits) is the
// caller's account in the emulator, which keeps accounts wholly apart.
func New(upstream, account string) (*Proxy, error) {
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return nil, fmt.Errorf("account %q is not usable: an AWS account id has 12 digits", account)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	p := &Proxy{
		URL: "http://" + l.Addr().String(), upstream: strings.TrimRight(upstream, "/"), account: account,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}},
		gaps:   newGaps(),
	}
	p.server = &http.Server{Handler: p}
	go func() {
		if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.fail("proxy stopped: %v", err)
		}
	}()
	return p, nil
}

// Close stops the proxy.
func (p *Proxy) Close() error {
	p.client.CloseIdleConnections()
	return p.server.Close()
}

// Account is the caller's account in the emulator.
func (p *Proxy) Account() string { return p.account }

// Handle answers calls whose path begins with prefix by the handler instead of
// the emulator. They are logged under the service and action, and faults strike
// them like any other. Call it before the first request.
func (p *Proxy) Handle(prefix, service, action string, h http.HandlerFunc) {
	p.routes = append(p.routes, route{prefix, service, action, h})
}

// Calls returns the calls so far, in order of arrival, from the given position of
// the log on (0: all).
func (p *Proxy) Calls(from int) []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Call(nil), p.calls[min(from, len(p.calls)):]...)
}

// Len is the present length of the log.
func (p *Proxy) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

// Failures are the harness's own faults: calls that the emulator does not
// implement and requests that could not be named. A test must fail on any.
func (p *Proxy) Failures() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.failures...)
}

func (p *Proxy) fail(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, fmt.Sprintf(format, args...))
}

// ServeHTTP takes one call.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller died while sending
	}
	call, handler, err := p.name(r, body)
	if err != nil {
		p.fail("%v", err)
		refuse(r, call.Service, Error{Code: "UnknownToTheProxy", Message: err.Error()}).write(w)
		return
	}
	var fault *Fault
	if call.Caller != Observer {
		call = p.begin(call)
		fault = p.strikes(call)
	}
	fault.wait(r.Context())
	if fault != nil && fault.Error != nil {
		a := refuse(r, call.Service, *fault.Error)
		p.end(call, a, fault)
		a.write(w)
		return
	}
	if fault != nil && fault.Lose == Before {
		p.lose(call, fault)
	}
	if err := p.allowed(r, call); err != nil {
		a := refuse(r, call.Service, Error{Status: http.StatusForbidden, Code: "UnauthorizedOperation", Message: err.Error()})
		p.end(call, a, fault)
		a.write(w)
		return
	}
	if handler != nil {
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler(rec, r)
		p.finish(w, call, rec.answer(), fault)
		return
	}
	// Carried out even if the caller is killed meanwhile, as a service would.
	ctx := context.WithoutCancel(r.Context())
	a := p.carryOut(ctx, r, call, body)
	if a.unimplemented() {
		p.fail("%s: the emulator does not implement this: status %d, %.300s", call, a.status, a.body)
		a = refuse(r, call.Service, Error{Code: "NotInTheEmulator", Message: call.Name()})
	}
	p.finish(w, call, a, fault)
}

// allowed keeps what the caller's role does not allow.
func (p *Proxy) allowed(r *http.Request, c Call) error {
	if p.Authorize == nil || c.Caller == Observer {
		return nil
	}
	err := p.Authorize(context.WithoutCancel(r.Context()), c)
	if err != nil {
		p.fail("%s: %v", c, err)
	}
	return err
}

// name tells what a request is and who answers it.
func (p *Proxy) name(r *http.Request, body []byte) (Call, http.HandlerFunc, error) {
	for _, rt := range p.routes {
		if strings.HasPrefix(r.URL.Path, rt.prefix) {
			c := Call{Service: rt.service, Action: rt.action, Params: map[string]string{"Path": r.URL.Path}}
			if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
				c.Caller, c.Region = m[1], m[2]
			}
			return c, rt.handler, nil
		}
	}
	c, err := Classify(r, body)
	return c, nil, err
}

func (p *Proxy) begin(c Call) Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Seq = len(p.calls) + 1
	p.calls = append(p.calls, c)
	return c
}

func (p *Proxy) end(c Call, a *answer, f *Fault) {
	if c.Seq == 0 {
		return // not logged
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	logged := &p.calls[c.Seq-1]
	logged.Fault = f.String()
	if a != nil {
		logged.Status, logged.Code = a.status, a.code()
	}
}

func (p *Proxy) finish(w http.ResponseWriter, c Call, a *answer, f *Fault) {
	if f != nil && f.Lose == After {
		p.lose(c, f)
	}
	if f != nil && f.Hook != nil {
		f.Hook(c)
	}
	p.end(c, a, f)
	a.write(w)
}

// lose breaks the connection without a byte of answer.
func (p *Proxy) lose(c Call, f *Fault) {
	p.end(c, nil, f)
	if f.Hook != nil {
		f.Hook(c)
	}
	panic(http.ErrAbortHandler)
}

// forward sends a request to the emulator as it is.
func (p *Proxy) forward(ctx context.Context, r *http.Request, body []byte) *answer {
	req, err := http.NewRequestWithContext(ctx, r.Method, p.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return p.broken(err)
	}
	req.Header = r.Header.Clone()
	req.Header.Set("x-moto-account-id", p.account)
	req.Header.Del("Accept-Encoding") // gaps rewrite plain text
	if p.Sign != nil {
		if err := p.Sign(callerOf(r), req, body); err != nil {
			return p.broken(err)
		}
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return p.broken(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return p.broken(err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: text}
}

// callerOf reads the access key id out of a signature.
func callerOf(r *http.Request) string {
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

func (p *Proxy) broken(err error) *answer {
	return &answer{status: http.StatusBadGateway, header: http.Header{}, body: []byte("<html>the emulator cannot be reached: " + err.Error())}
}

// recorder holds what a handler writes, so that it can still be lost.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) answer() *answer {
	return &answer{status: r.status, header: r.header, body: r.body.Bytes()}
}
