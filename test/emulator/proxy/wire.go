package proxy

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// answer is a response held in memory.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		// The length is that of the body as it is now: a gap may have rewritten it.
		if k != "Content-Length" && k != "Connection" && k != "Transfer-Encoding" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the caller may have been killed: nothing to do about it
}

func jsonAnswer(v any) *answer {
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: []byte(jsonText(v))}
}

func xmlAnswer(body string) *answer {
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}}, body: []byte(body)}
}

// refuse puts an error into the wire format that the request's protocol wants.
func refuse(r *http.Request, service string, e Error) *answer {
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	h := http.Header{}
	var body string
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		h.Set("Content-Type", "application/x-amz-json-1.0")
		h.Set("X-Amzn-Errortype", e.Code)
		body = jsonText(map[string]string{"__type": e.Code, "message": e.Message})
	case service == Lambda, service == EFS, service == Zonal:
		h.Set("Content-Type", "application/json")
		h.Set("X-Amzn-Errortype", e.Code)
		body = jsonText(map[string]string{"Type": "User", "Message": e.Message, "message": e.Message})
	case service == EC2:
		h.Set("Content-Type", "text/xml")
		body = fmt.Sprintf("<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>proxy</RequestID></Response>",
			xmlText(e.Code), xmlText(e.Message))
	default:
		h.Set("Content-Type", "text/xml")
		body = fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>proxy</RequestId></ErrorResponse>",
			xmlText(e.Code), xmlText(e.Message))
	}
	return &answer{status: status, header: h, body: []byte(body)}
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps and lists of strings always marshal
	}
	return string(b)
}

func xmlText(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a strings.Builder never fails
	}
	return b.String()
}

var (
	xmlCode  = regexp.MustCompile(`<Code>([^<]+)</Code>`)
	jsonCode = regexp.MustCompile(`"(?:__type|ErrorCode)"\s*:\s*"(?:[^"#]*#)?([^"]+)"`)
)

// code reads the error code out of a failed answer.
func (a *answer) code() string {
	if a.status < 300 {
		return ""
	}
	if code, _, _ := strings.Cut(a.header.Get("X-Amzn-Errortype"), ":"); code != "" {
		return code
	}
	for _, re := range []*regexp.Regexp{xmlCode, jsonCode} {
		if m := re.FindSubmatch(a.body); m != nil {
			return string(m[1])
		}
	}
	return fmt.Sprintf("HTTP %d", a.status)
}

// unimplemented reports whether the emulator, not a service, failed: it answers
// what it does not implement with a page for people, or with 404 and no code.
func (a *answer) unimplemented() bool {
	if a.status < 400 {
		return false
	}
	text := strings.TrimSpace(strings.ToLower(string(a.body[:min(len(a.body), 200)])))
	page := strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html")
	return page || a.code() == fmt.Sprintf("HTTP %d", a.status)
}
