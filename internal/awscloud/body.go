package awscloud

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// WholeAnswers returns a client whose answers are not cut off while they are read: c, or
// the SDK's usual one where the configuration names none.
//
// The SDK closes a request's body as soon as the head of the answer is there (smithy-go,
// transport/http/client.go, ClientHandler.Handle). net/http may not be done with the body by
// then: having sent all of it, it looks whether there is more. The SDK's body can write
// itself (io.WriterTo), and says io.EOF to that once it is closed (safeWriteToReadCloser),
// which net/http takes for a request that could not be sent: it closes the connection under
// the answer. A call that was carried out then ends with status 200 and "use of closed
// network connection" (aws/aws-sdk-go-v2, issues 1825 and 2737), and what it answered has to
// be found out again. It happens to a process that waits for its processor between
// sending and looking, as one with a fraction of a processor may.
//
// A body that can only be read is at its end in the usual way: so it is handed on as one.
func WholeAnswers(c aws.HTTPClient) aws.HTTPClient {
	if c == nil {
		c = awshttp.NewBuildableClient()
	}
	return wholeAnswers{c}
}

type wholeAnswers struct{ aws.HTTPClient }

func (c wholeAnswers) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context()) // a copy: the request is the caller's
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.HTTPClient.Do(r)
}
