// Command demo shows one whole story on this machine, with no AWS account: two
// protected nodes are deployed into an emulator from the synthesised templates, both
// fail, and the real switcher recovers them in another Availability Zone. Then they are
// deployed again, twice with a change, and deleted, and nothing is left.
//
// Run it with `make demo`. It builds and synthesises first, and exits with
// status 1 when anything is not as promised.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// account and region that the story plays in.
const (
	account = "123456789012"
	region  = "ap-northeast-1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

type options struct {
	noCapacity string
	apps       string
	bootstrap  string
	settings   bool
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.StringVar(&o.noCapacity, "no-capacity", "", "Availability `Zone` in which EC2 has no room for a replacement: the next zone is used")
	f.StringVar(&o.apps, "apps", "", "`folder` of the apps synthesised before (default: they are synthesised now)")
	f.StringVar(&o.bootstrap, "bootstrap", "", "the switcher's `binary` for this machine (default: it is built now)")
	f.BoolVar(&o.settings, "settings", false, "list everything that a replacement inherits")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is not understood: allowed are the flags that --help lists", f.Args())
	}
	return o, nil
}

func run(ctx context.Context, args []string, out *os.File) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	s := &story{page: newPage(out), settings: o.settings}
	s.opening()
	dir, err := os.MkdirTemp("", "recovery-demo-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if s.apps, err = s.prepare(ctx, &o, dir); err != nil {
		return err
	}
	emulator, err := moto.Start(moto.Options{})
	if err != nil {
		return err
	}
	defer emulator.Stop()
	// One look at EC2 finds a new instance pending, one look at ELB a new target initial.
	w, err := world.New(world.Options{
		Emulator: emulator.URL(), Account: account, Region: region, Bootstrap: o.bootstrap, Pending: 1, Initial: 1,
	})
	if err != nil {
		return err
	}
	defer w.Close()
	s.w = w
	if err := s.deploy(ctx); err != nil {
		return err
	}
	if err := s.lackCapacity(ctx, o.noCapacity); err != nil {
		return err
	}
	for _, act := range []func(context.Context) error{s.stopApplication, s.hang, s.threshold, s.largerType, s.notices, s.remove} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return s.closing(ctx)
}

// prepare builds the switcher and synthesises the example, unless both are given.
func (s *story) prepare(ctx context.Context, o *options, dir string) (map[string]*provision.Assembly, error) {
	root, err := world.Root()
	if err != nil {
		return nil, err
	}
	if o.bootstrap == "" {
		s.page.say("(Building the switcher for this machine …)")
		if o.bootstrap, err = world.BuildBootstrap(ctx, root, dir); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(o.bootstrap); err != nil {
		return nil, fmt.Errorf("the switcher's binary cannot be used: %w: leave --bootstrap out to have it built", err)
	}
	if s.recoveryctl, err = world.BuildCommand(ctx, root, dir, "recoveryctl"); err != nil {
		return nil, err
	}
	if o.apps != "" {
		return world.LoadApps(o.apps)
	}
	s.page.say("(Synthesising the example's templates, as they are and as they are after changes …)")
	return world.Apps(ctx, root, filepath.Join(dir, "apps"))
}

// lackCapacity takes the zone away that the flag names.
func (s *story) lackCapacity(ctx context.Context, zone string) error {
	if zone == "" {
		return nil
	}
	subnets, err := s.switcher.Destinations(ctx)
	if err != nil {
		return err
	}
	var free []string
	for _, z := range subnets {
		if !slices.ContainsFunc(s.nodes, func(n world.State) bool { return n.Node.Grant.Zone == z }) {
			free = append(free, z)
		}
	}
	slices.Sort(free)
	if !slices.Contains(free, zone) {
		return fmt.Errorf("--no-capacity is %q: allowed are the zones that the nodes can move to, %s; choose one of them or leave the flag out", zone, strings.Join(free, " and "))
	}
	s.w.Proxy.SetNoCapacity(zone)
	s.noCapacity = zone
	s.page.say("--no-capacity: from now on EC2 answers every launch in %s with InsufficientInstanceCapacity.", zone)
	return nil
}
