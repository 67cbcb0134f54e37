package awscloud

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// LoadFunction is Load for the function: environment variables only, which Lambda
// always sets ("Defined runtime environment variables", Lambda Developer Guide). Profiles,
// single sign-on and instance metadata are not there, and the clients that ask them
// would be a tenth of the zip.
func LoadFunction() (aws.Config, error) {
	env, err := config.NewEnvConfig()
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS SDK's environment variables: %w", err)
	}
	if env.Region == "" {
		return aws.Config{}, errors.New("environment variable AWS_REGION is empty: Lambda sets it; elsewhere set it to the Region of the nodes")
	}
	if !env.Credentials.HasKeys() {
		return aws.Config{}, errors.New("environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are empty: Lambda sets them from the function's role; elsewhere set them")
	}
	cfg := aws.Config{
		Region:        env.Region,
		Credentials:   aws.NewCredentialsCache(credentials.StaticCredentialsProvider{Value: env.Credentials}),
		ConfigSources: []any{env}, // for what a service's client looks up by itself, such as AWS_USE_FIPS_ENDPOINT
	}
	if env.BaseEndpoint != "" && (env.IgnoreConfiguredEndpoints == nil || !*env.IgnoreConfiguredEndpoints) {
		cfg.BaseEndpoint = aws.String(env.BaseEndpoint)
	}
	return cfg, nil
}
