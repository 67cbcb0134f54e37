package boot

import (
	_ "embed"
	"fmt"
	"strings"
)

// Limit is what EC2 allows as user data, in bytes before base64:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
const Limit = 16384

// Plan is what an instance of a node is to do. Its zero value mounts nothing and
// runs nothing. Seconds are whole numbers.
type Plan struct {
	Mounts []Mount
	// Gate holds mounts and application back until the grant, for GateSeconds at most.
	Gate        bool
	GateSeconds int
	// Commands run first, before anything is mounted: a shell script's text, or "".
	Commands    string
	Application *Application
	Agent       *Agent
}

// Mount is one EFS file system.
type Mount struct {
	FileSystem, AccessPoint, Path string
	// Data must be mounted, through the mount target of the own zone. What is no data
	// may be missing, and is where recovery logs go.
	Data bool
}

// Application is the workload.
type Application struct {
	Units []string // with their suffix .service
	// Restarts are allowed within WindowSeconds, each DelaySeconds after the failure.
	Restarts, WindowSeconds, DelaySeconds int
	WatchdogSeconds                       int // 0: the unit's own
	Check                                 *Check
	// FaultScript is a script's text, or "". It is killed after FaultSeconds.
	FaultScript  string
	FaultSeconds int
}

// Check is a command that exits 0 while the application is well.
type Check struct {
	Command                                   string // a script's text
	IntervalSeconds, TimeoutSeconds, Failures int
	// StartSeconds pass, or one success, before failures count.
	StartSeconds int
}

// File is written to the instance.
type File struct {
	Path, Text string
	Executable bool
}

// Where things are on the instance. Scripts lie where SELinux lets services run them.
const (
	etc     = "/etc/recovery/"
	bin     = "/usr/local/sbin/"
	systemd = "/etc/systemd/system/"
	// RunDirectory holds what the units know of this boot.
	RunDirectory = "/run/recovery"
	// GateUnit is the gate's name, also for an image that brings its own.
	GateUnit = "recovery-gate.service"
)

//go:embed node.sh
var script string

// Script is recovery-node as it stands on the instance: without its comments, since
// user data is short.
func Script() string {
	var out strings.Builder
	for i, line := range strings.SplitAfter(script, "\n") {
		if i == 0 || !strings.HasPrefix(strings.TrimSpace(line), "#") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// Files are all files of the instance, in the order of their writing.
func (p Plan) Files() []File {
	files := []File{
		{Path: bin + "recovery-node", Text: Script(), Executable: true},
		{Path: etc + "node.conf", Text: p.config()},
		{Path: etc + "mounts", Text: p.mounts()},
		{Path: systemd + "recovery-mount.service", Text: p.mountUnit()},
		{Path: systemd + "recovery-fault@.service", Text: faultUnit},
	}
	if p.Commands != "" {
		files = append(files, File{Path: bin + "recovery-prepare", Text: shebang(p.Commands), Executable: true})
	}
	if p.Gate {
		files = append(files, File{Path: systemd + GateUnit, Text: gateUnit})
	}
	if p.Agent != nil {
		files = append(files, File{Path: etc + "agent.json", Text: p.Agent.Configuration(p.units()) + "\n"})
		if p.Gate {
			files = append(files, File{Path: systemd + "amazon-cloudwatch-agent.service.d/50-recovery.conf", Text: agentDropIn})
		}
	}
	if a := p.Application; a != nil {
		files = append(files, p.applicationFiles(a)...)
	}
	return files
}

func (p Plan) applicationFiles(a *Application) []File {
	var files []File
	for _, u := range a.Units {
		files = append(files, File{Path: systemd + u + ".d/50-recovery.conf", Text: p.dropIn(a)})
	}
	if a.Check != nil {
		files = append(
			files,
			File{Path: bin + "recovery-check", Text: shebang(a.Check.Command), Executable: true},
			File{Path: systemd + "recovery-check.service", Text: checkUnit(a.Units)},
		)
	}
	if a.FaultScript != "" {
		files = append(files, File{Path: bin + "recovery-fault-script", Text: shebang(a.FaultScript), Executable: true})
	}
	return files
}

func (p Plan) units() []string {
	if p.Application == nil {
		return nil
	}
	return p.Application.Units
}

// config is node.conf, shell variables.
func (p Plan) config() string {
	logs := ""
	for _, m := range p.Mounts {
		if !m.Data {
			logs = m.Path
		}
	}
	out := fmt.Sprintf("UNITS='%s'\nLOGS='%s'\n", strings.Join(p.units(), " "), logs)
	if p.Gate {
		out += fmt.Sprintf("GATE_SECONDS=%d\n", p.GateSeconds)
	}
	seconds := 60
	if a := p.Application; a != nil {
		seconds = a.FaultSeconds
		if c := a.Check; c != nil {
			out += fmt.Sprintf("CHECK_INTERVAL=%d\nCHECK_TIMEOUT=%d\nCHECK_FAILURES=%d\nCHECK_START=%d\n",
				c.IntervalSeconds, c.TimeoutSeconds, c.Failures, c.StartSeconds)
		}
	}
	return out + fmt.Sprintf("FAULT_SECONDS=%d\n", seconds)
}

func (p Plan) mounts() string {
	var out strings.Builder
	for _, m := range p.Mounts {
		kind := "logs"
		if m.Data {
			kind = "data"
		}
		fmt.Fprintf(&out, "%s %s %s %s\n", m.FileSystem, m.AccessPoint, m.Path, kind)
	}
	return out.String()
}

// shebang makes a script of commands that do not say what runs them.
func shebang(text string) string {
	if !strings.HasPrefix(text, "#!") {
		text = "#!/bin/sh\n" + text
	}
	return strings.TrimRight(text, "\n") + "\n"
}
