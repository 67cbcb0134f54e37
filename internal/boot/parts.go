package boot

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Prepare and Start are the shell parts before and after the user's own script.
const (
	Prepare = "#!/bin/sh\nexec /usr/local/sbin/recovery-node prepare\n"
	Start   = "#!/bin/sh\nexec /usr/local/sbin/recovery-node start\n"
)

// end ends each file in Hook.
const end = "RECOVERY_END"

// Hook is a boothook (https://docs.cloud-init.io/en/latest/explanation/format/cloud-boothook.html):
// cloud-init runs it early at every boot, with the instance's id in INSTANCE_ID. It
// writes the files once per instance.
func (p Plan) Hook() string {
	var out strings.Builder
	out.WriteString(`#!/bin/sh
done=/etc/recovery/instance
[ "$(cat $done 2>/dev/null)" = "${INSTANCE_ID:-?}" ] && exit 0
rm -rf /etc/recovery /etc/systemd/system/*.d/50-recovery.conf
for f in node prepare check fault-script; do rm -f /usr/local/sbin/recovery-$f; done
for f in gate mount check fault@; do rm -f /etc/systemd/system/recovery-$f.service; done
put() { mkdir -p "${2%/*}" && cat >"$2" && chmod "$1" "$2"; }
`)
	for _, f := range p.Files() {
		mode := "644"
		if f.Executable {
			mode = "755"
		}
		fmt.Fprintf(&out, "put %s %s <<'%s'\n%s%s\n", mode, f.Path, end, f.Text, end)
	}
	out.WriteString("systemctl daemon-reload\necho \"${INSTANCE_ID:-?}\" >$done\n")
	return out.String()
}

var (
	unitName = regexp.MustCompile(`^[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\-]*)?\.service$`)
	// path is what may stand in a line of the file mounts.
	path = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)
)

// UnitName completes a unit's name by .service, and says what is wrong with it.
func UnitName(name string) (string, error) {
	if !strings.Contains(name, ".") {
		name += ".service"
	}
	if !unitName.MatchString(name) {
		return "", fmt.Errorf("%q is no name of a systemd service: give one such as postgresql.service", name)
	}
	return name, nil
}

// Validate says what of the plan cannot be written.
func (p Plan) Validate() error {
	var errs []error
	for _, m := range p.Mounts {
		if !path.MatchString(m.Path) {
			errs = append(errs, fmt.Errorf("the mount path %q is not usable: give an absolute path of letters, digits and _ . - such as /data", m.Path))
		}
	}
	for _, f := range p.Files() {
		for line := range strings.SplitSeq(f.Text, "\n") {
			if line == end {
				errs = append(errs, fmt.Errorf("%s has a line %q, which ends a file in the user data: change that line", f.Path, end))
			}
		}
		if i := strings.IndexFunc(f.Text, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
			// cloud-init reads a part that is not encoded as ASCII, and garbles the rest.
			errs = append(errs, fmt.Errorf("%s has a character beyond ASCII, near %.20q: write it otherwise, or into a file of the image", f.Path, f.Text[i:]))
		}
		if strings.ContainsRune(f.Text, '\r') {
			errs = append(errs, fmt.Errorf("%s has carriage returns: end its lines by \\n alone", f.Path))
		}
	}
	return errors.Join(errs...)
}
