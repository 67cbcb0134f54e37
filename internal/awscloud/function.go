package awscloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// LoadFunction reads the SDK's configuration as Lambda gives it: by environment
// variables only, which are always set ("Defined runtime environment variables", Lambda
// Developer Guide), under the SDK's own names ("Environment variables list", AWS SDKs
// and Tools Reference Guide). Profiles, single sign-on and instance metadata are not
// there; the SDK's package config, which asks them, would be a tenth of the zip.
func LoadFunction() (aws.Config, error) {
	env, err := readEnvironment()
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS SDK's environment variables: %w", err)
	}
	region, key, secret := first("AWS_REGION", "AWS_DEFAULT_REGION"), os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if region == "" {
		return aws.Config{}, errors.New("environment variable AWS_REGION is empty: Lambda sets it; elsewhere set it to the Region of the nodes")
	}
	if key == "" || secret == "" {
		return aws.Config{}, errors.New("environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are empty: Lambda sets them from the function's role; elsewhere set them")
	}
	cfg := aws.Config{
		Region:        region,
		Credentials:   credentials.NewStaticCredentialsProvider(key, secret, os.Getenv("AWS_SESSION_TOKEN")),
		ConfigSources: []any{env},
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" && !env.ignoreEndpoints {
		cfg.BaseEndpoint = aws.String(endpoint)
	}
	return cfg, nil
}

// environment is what a service's client looks up by itself, by the interfaces of the
// SDK's internal/configsources.
type environment struct {
	fips            aws.FIPSEndpointState
	dualStack       aws.DualStackEndpointState
	ignoreEndpoints bool
}

func readEnvironment() (environment, error) {
	var e environment
	var errs []error
	if on, set, err := switched("AWS_USE_FIPS_ENDPOINT"); set {
		e.fips = aws.FIPSEndpointStateDisabled
		if on {
			e.fips = aws.FIPSEndpointStateEnabled
		}
		errs = append(errs, err)
	}
	if on, set, err := switched("AWS_USE_DUALSTACK_ENDPOINT"); set {
		e.dualStack = aws.DualStackEndpointStateDisabled
		if on {
			e.dualStack = aws.DualStackEndpointStateEnabled
		}
		errs = append(errs, err)
	}
	on, _, err := switched("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
	e.ignoreEndpoints = on
	return e, errors.Join(append(errs, err)...)
}

// switched is a variable that is true, false or not set.
func switched(name string) (on, set bool, err error) {
	switch value := os.Getenv(name); {
	case value == "":
		return false, false, nil
	case strings.EqualFold(value, "true"):
		return true, true, nil
	case strings.EqualFold(value, "false"):
		return false, true, nil
	default:
		return false, true, fmt.Errorf("%s is %q: allowed are true and false; correct it or leave it out", name, value)
	}
}

func first(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

// GetUseFIPSEndpoint and the methods below are called by the SDK.
func (e environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return e.fips, e.fips != aws.FIPSEndpointStateUnset, nil
}

func (e environment) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return e.dualStack, e.dualStack != aws.DualStackEndpointStateUnset, nil
}

func (e environment) GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error) {
	return e.ignoreEndpoints, e.ignoreEndpoints, nil
}

// GetServiceBaseEndpoint is a service's own endpoint, such as AWS_ENDPOINT_URL_EC2.
func (e environment) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	endpoint := os.Getenv("AWS_ENDPOINT_URL_" + strings.ReplaceAll(strings.ToUpper(service), " ", "_"))
	return endpoint, endpoint != "", nil
}
