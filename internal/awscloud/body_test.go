package awscloud

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

const stopAnswer = `<StopInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><instancesSet/></StopInstancesResponse>`

// slowConn is a connection whose writer is held up after it has sent a request's body, until
// the answer's head was read; the answer's body comes only then.
type slowConn struct {
	net.Conn
	closed   chan struct{}
	once     sync.Once
	headRead chan struct{}
	reads    int
	sendBody func()
}

func (c *slowConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if bytes.Contains(b, []byte("Action=StopInstances")) {
		<-c.headRead
	}
	return n, err
}

func (c *slowConn) Read(b []byte) (int, error) {
	if c.reads++; c.reads == 2 {
		close(c.headRead)
		select { // the writer goes on; what it does about the connection, it does at once
		case <-c.closed:
		case <-time.After(200 * time.Millisecond):
		}
		c.sendBody()
	}
	return c.Conn.Read(b)
}

func (c *slowConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// TestAnswerIsReadWholeByAProcessThatWaits: an answer that comes while net/http is not done
// with the request's body is not cut off.
func TestAnswerIsReadWholeByAProcessThatWaits(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	body := make(chan struct{})
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return // the test is over
		}
		defer func() { _ = conn.Close() }()
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n", len(stopAnswer))
		<-body
		_, _ = io.WriteString(conn, stopAnswer) // a connection that was cut off is what the client tells of
	}()
	s := newSession(aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://" + l.Addr().String()),
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}, nil)
	transport := s.cfg.HTTPClient.(wholeAnswers).HTTPClient.(*http.Client).Transport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &slowConn{Conn: conn, closed: make(chan struct{}), headRead: make(chan struct{}), sendBody: func() { close(body) }}, err
	}
	if err := s.ports(Options{}).Compute.Stop(t.Context(), []string{"i-1"}, cloud.SkipShutdown); err != nil {
		t.Fatal(err)
	}
}
