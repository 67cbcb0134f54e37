package provision

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

// functionsPath begins the paths of the Lambda API's calls about functions.
const functionsPath = "/2015-03-31/functions"

var regionOf = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]+)/`)

// serveFunctions answers the Lambda API's Invoke, ListFunctions and
// GetFunctionConfiguration for the functions of the caller's Region.
func (d *Deployment) serveFunctions(w http.ResponseWriter, r *http.Request) {
	m := regionOf.FindStringSubmatch(r.Header.Get("Authorization"))
	rest := strings.Trim(strings.TrimPrefix(r.URL.Path, functionsPath), "/")
	list := []any{}
	for _, f := range d.Functions() {
		if m == nil || f.Region != m[1] {
			continue
		}
		list = append(list, d.describeFunction(f))
		named := strings.HasPrefix(rest, f.Name+"/") || strings.HasPrefix(rest, f.ARN+"/")
		switch {
		case !named:
		case r.Method == http.MethodPost:
			f.ServeInvoke(w, r)
			return
		case strings.HasSuffix(rest, "/configuration"):
			answerJSON(w, http.StatusOK, d.describeFunction(f))
			return
		}
	}
	if rest == "" && r.Method == http.MethodGet {
		answerJSON(w, http.StatusOK, map[string]any{"Functions": list})
		return
	}
	w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
	answerJSON(w, http.StatusNotFound, map[string]string{"Type": "User", "Message": "Function not found: " + rest})
}

// describeFunction is what Lambda tells of a function, as far as operators read it.
func (d *Deployment) describeFunction(f *runtimeapi.Function) map[string]any {
	role := ""
	for _, c := range d.Find("AWS::Lambda::Function") {
		if c.Attributes["Arn"] == f.ARN {
			role, _ = c.Properties["Role"].(string)
		}
	}
	return map[string]any{
		"FunctionName": f.Name, "FunctionArn": f.ARN, "Environment": map[string]any{"Variables": f.Env}, "Role": role,
		"Timeout": int(f.Timeout.Seconds()), "State": "Active", "LastUpdateStatus": "Successful", "LastModified": "2026-01-02T03:04:05.000+0000",
	}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}
