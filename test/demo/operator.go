package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

// operator shows what the person on call sees: recoveryctl, as it is, against the emulator.
func (s *story) operator(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, s.recoveryctl, args...)
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+s.w.Proxy.URL, "AWS_REGION="+s.switcher.Region, "AWS_ACCESS_KEY_ID="+proxy.Observer, "AWS_SECRET_ACCESS_KEY=emulator",
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("recoveryctl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	fmt.Fprintf(s.page.out, "\n$ recoveryctl %s\n%s", strings.Join(args, " "), out)
	return nil
}
