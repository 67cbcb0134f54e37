// Package cli runs the real recoveryctl against the emulator, in the stacks that the
// app synthesises, with the real switcher behind it. The scripts in testdata read as
// documentation: what an operator types, and what is answered.
package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
	"github.com/workload-recovery/workload-recovery/test/wait"
)

const region = "ap-northeast-1"

var shared struct {
	moto.Share
	bootstrap, tools string
	app              *provision.Assembly
}

func TestMain(m *testing.M) {
	moto.Main(&shared.Share, func() (int, error) {
		if err := prepare(); err != nil {
			return 0, err
		}
		return m.Run(), nil
	})
}

// prepare builds the programs and synthesises the example.
func prepare() error {
	ctx := context.Background()
	root, err := world.Root()
	if err != nil {
		return err
	}
	if shared.bootstrap, err = world.BuildBootstrap(ctx, root, shared.Dir); err != nil {
		return err
	}
	shared.tools = filepath.Join(shared.Dir, "bin")
	if _, err := world.BuildCommand(ctx, root, shared.tools, "recoveryctl"); err != nil {
		return err
	}
	code := filepath.Join(shared.Dir, "code")
	if err := os.MkdirAll(code, 0o700); err != nil {
		return err
	}
	// The asset is not used here: the built bootstrap runs instead.
	if err := os.WriteFile(filepath.Join(code, "bootstrap"), []byte("stand-in\n"), 0o700); err != nil {
		return err
	}
	shared.app, err = world.Synth(ctx, root, filepath.Join(shared.Dir, "out"), map[string]any{"example": "single", "recovery:switcherCode": code})
	return err
}

// TestScripts runs every script in an account of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"settle": settle, "sweep": sweep, "tick": tick, "tock": tock, "fail": failNode, "alarm": setAlarm, "noroom": noRoom, "hour": hour, "condition": condition,
			"refuse": refuse, "await": await, "listen": listen, "plant": plant,
		},
	})
}

type key struct{}

// account is a script's own.
type account struct {
	*world.World
	s     world.Switcher
	front *front
	stop  chan struct{} // closed when the schedule is to stop; nil while it does not tick
	ticks sync.WaitGroup
}

func setUp(env *testscript.Env) error {
	a, settings, err := open(world.Options{})
	if a != nil {
		env.Defer(func() {
			faults := a.end()
			for _, f := range faults {
				env.T().Log(f)
			}
			if len(faults) > 0 {
				env.T().Fatal("the switcher or the harness is at fault")
			}
		})
	}
	if err != nil {
		return err
	}
	env.Values[key{}] = a
	for _, v := range append(settings, "HOME="+env.WorkDir, "PATH="+shared.tools+string(os.PathListSeparator)+env.Getenv("PATH")) {
		name, value, _ := strings.Cut(v, "=")
		env.Setenv(name, value)
	}
	return nil
}

// open opens an account with the example in it, and says how recoveryctl reaches it.
func open(o world.Options) (*account, []string, error) {
	o.Emulator, o.Region, o.Bootstrap = shared.URL(), region, shared.bootstrap
	o.Account = shared.Account()
	w, err := world.New(o)
	if err != nil {
		return nil, nil, err
	}
	a := &account{World: w, front: newFront(w.Proxy.URL)}
	if err := w.Deploy(context.Background(), shared.app.Stacks...); err != nil {
		return a, nil, err
	}
	all, err := w.Switchers()
	if err != nil {
		return a, nil, err
	}
	a.s = all[0]
	return a, []string{
		"AWS_ENDPOINT_URL=" + a.front.URL, "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + proxy.Observer, "AWS_SECRET_ACCESS_KEY=emulator",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"VPC=" + a.s.Settings.VPC, "ACCOUNT=" + w.Account(),
	}, a.seeAlarmsOK()
}

// end closes the account, and says what went wrong behind the scenes.
func (a *account) end() []string {
	a.tock()
	a.Settle()
	faults := a.Faults()
	a.front.Close()
	a.Close()
	return faults
}

// seeAlarmsOK lets every alarm become OK and the grace after the deployment end.
func (a *account) seeAlarmsOK() error {
	ctx := context.Background()
	nodes, err := a.s.Store.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		for _, alarm := range n.Settings.Alarms {
			if err := a.s.SetAlarm(ctx, alarm, cwtypes.StateValueOk); err != nil {
				return err
			}
		}
	}
	a.Settle() // a sweep that meets the deployment's leader would do nothing
	a.s.Tick()
	for _, n := range nodes {
		if err := a.s.HourPasses(ctx, n.ID); err != nil {
			return err
		}
	}
	return nil
}

func of(ts *testscript.TestScript) *account { return ts.Value(key{}).(*account) }

func number(ts *testscript.TestScript, text string) int {
	id, err := contract.ParseNodeID(text)
	ts.Check(err)
	return id
}

// settle waits until the switcher is at rest: "settle".
func settle(ts *testscript.TestScript, _ bool, _ []string) { of(ts).Settle() }

// sweep lets the schedule tick: "sweep".
func sweep(ts *testscript.TestScript, _ bool, _ []string) { of(ts).s.Tick() }

// tick lets the schedule tick in the background once a second, until "tock".
func tick(ts *testscript.TestScript, _ bool, _ []string) {
	a := of(ts)
	a.stop = make(chan struct{})
	a.ticks.Go(func() {
		for {
			select {
			case <-a.stop:
				return
			case <-time.After(time.Second):
				a.s.Tick()
			}
		}
	})
}

func tock(ts *testscript.TestScript, _ bool, _ []string) { of(ts).tock() }

// tock ends the schedule's ticks.
func (a *account) tock() {
	if a.stop != nil {
		close(a.stop)
		a.ticks.Wait()
		a.stop = nil
	}
}

// hour lets an hour pass for a node: "hour 1".
func hour(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(of(ts).s.HourPasses(context.Background(), number(ts, args[0])))
}

// failNode stops a node's instance, as its application's manager does: "fail 1"; with
// "quiet" nobody tells the switcher.
func failNode(ts *testscript.TestScript, _ bool, args []string) {
	a, ctx := of(ts), context.Background()
	n, err := a.s.Node(ctx, number(ts, args[0]))
	ts.Check(err)
	e, err := a.s.FailApplication(ctx, n.Grant.Instance)
	ts.Check(err)
	if len(args) > 1 && args[1] == "quiet" {
		return
	}
	_, err = a.Deliver(ctx, e)
	ts.Check(err)
	a.Settle()
}

// setAlarm puts an alarm of a node into a state: "alarm 1 application ALARM".
func setAlarm(ts *testscript.TestScript, _ bool, args []string) {
	a := of(ts)
	name := contract.AlarmName(a.s.Settings.Name, number(ts, args[0]), args[1])
	ts.Check(a.s.SetAlarm(context.Background(), name, cwtypes.StateValue(args[2])))
}

// await waits until a line of a file that a program writes matches: "await out.txt 'node 1 .* done '".
func await(ts *testscript.TestScript, _ bool, args []string) {
	line := regexp.MustCompile("(?m)" + args[1])
	wait.For(context.Background(), func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && line.Match(text)
	})
}

// noRoom takes EC2's capacity away in zones: "noroom ap-northeast-1c", "noroom" gives it back.
func noRoom(ts *testscript.TestScript, _ bool, args []string) { of(ts).Proxy.SetNoCapacity(args...) }

// condition waits for a node's phase, sweeping: "condition 1 done".
func condition(ts *testscript.TestScript, _ bool, args []string) {
	a := of(ts)
	for range 10 {
		n, err := a.s.Node(context.Background(), number(ts, args[0]))
		ts.Check(err)
		if string(n.Phase) == args[1] {
			return
		}
		a.s.Tick()
	}
	ts.Fatalf("node %s is not %s", args[0], args[1])
}

// refuse lets AWS refuse a call of recoveryctl's from now on: "refuse
// sts:GetCallerIdentity AccessDenied 403 [times]"; "refuse" ends that.
func refuse(ts *testscript.TestScript, _ bool, args []string) {
	f := of(ts).front
	if len(args) == 0 {
		f.allow()
		return
	}
	status, err := strconv.Atoi(args[2])
	ts.Check(err)
	times := 1 << 30
	if len(args) > 3 {
		times, err = strconv.Atoi(args[3])
		ts.Check(err)
	}
	f.refuse(args[0], args[1], status, times)
}
