package awscloud

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
)

func TestLoadFunction(t *testing.T) {
	whole := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY": "", "AWS_SECRET_KEY": "",
		"AWS_ENDPOINT_URL": "", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
		"AWS_USE_FIPS_ENDPOINT": "", "AWS_USE_DUALSTACK_ENDPOINT": "",
	}
	for _, test := range []struct {
		name, key, value string
		endpoint, fault  string
	}{
		{name: "as Lambda sets it"},
		{name: "no Region", key: "AWS_REGION", fault: "AWS_REGION is empty"},
		{name: "no key", key: "AWS_ACCESS_KEY_ID", fault: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are empty"},
		{name: "an emulator", key: "AWS_ENDPOINT_URL", value: "http://localhost:1", endpoint: "http://localhost:1"},
		{name: "nonsense", key: "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value: "perhaps", fault: "read the AWS SDK's environment variables"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for key, value := range whole {
				t.Setenv(key, value)
			}
			if test.key != "" {
				t.Setenv(test.key, test.value)
			}
			cfg, err := LoadFunction()
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Fatalf("error %v, want one that says %q", err, test.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			found, err := cfg.Credentials.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			endpoint := ""
			if cfg.BaseEndpoint != nil {
				endpoint = *cfg.BaseEndpoint
			}
			got := []string{cfg.Region, found.AccessKeyID, found.SecretAccessKey, found.SessionToken, endpoint}
			if diff := cmp.Diff([]string{"eu-west-1", "key", "secret", "token", test.endpoint}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestServicesReadTheEnvironment: the clients find what only they look up.
func TestServicesReadTheEnvironment(t *testing.T) {
	of := func(variables map[string]string) ec2.Options {
		t.Helper()
		for key, value := range map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"} {
			t.Setenv(key, value)
		}
		for _, key := range []string{"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} {
			t.Setenv(key, variables[key])
		}
		cfg, err := LoadFunction()
		if err != nil {
			t.Fatal(err)
		}
		return ec2.NewFromConfig(cfg).Options()
	}
	none, own := of(nil), of(map[string]string{
		"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "True", "AWS_ENDPOINT_URL_EC2": "http://localhost:1", "AWS_ENDPOINT_URL": "http://localhost:2",
	})
	if e := none.EndpointOptions; e.UseFIPSEndpoint != aws.FIPSEndpointStateUnset || e.UseDualStackEndpoint != aws.DualStackEndpointStateUnset || none.BaseEndpoint != nil {
		t.Errorf("without variables: %+v, endpoint %v", e, none.BaseEndpoint)
	}
	if e := own.EndpointOptions; e.UseFIPSEndpoint != aws.FIPSEndpointStateEnabled || e.UseDualStackEndpoint != aws.DualStackEndpointStateEnabled {
		t.Errorf("with both variables true: %+v", e)
	}
	if own.BaseEndpoint == nil || *own.BaseEndpoint != "http://localhost:1" {
		t.Errorf("EC2's own endpoint: %v", own.BaseEndpoint)
	}
	ignored := of(map[string]string{"AWS_ENDPOINT_URL_EC2": "http://localhost:1", "AWS_ENDPOINT_URL": "http://localhost:2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"})
	if ignored.BaseEndpoint != nil {
		t.Errorf("endpoints that are to be ignored: %s", *ignored.BaseEndpoint)
	}
}
