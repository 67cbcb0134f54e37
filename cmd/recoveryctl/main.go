// Command recoveryctl is what the person on call uses: it shows the nodes and their
// switches, says what would happen, and gives the switcher orders.
//
// It reads the switcher's records in DynamoDB and calls the switcher's function, as
// AWS does; it never acts around the engine. Authorisation is IAM's. Install it with
//
//	go install github.com/workload-recovery/workload-recovery/cmd/recoveryctl@latest
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := command.Run(ctx, command.Machine(), os.Args[1:])
	stop()
	os.Exit(code)
}
