package proxy

import (
	"fmt"
	"strings"
)

// SetPlacementGroups gives the account placement groups, by name and strategy: the
// emulator knows none.
func (p *Proxy) SetPlacementGroups(groups map[string]string) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.groups = groups
}

func (p *Proxy) placementGroups(c Call) *answer {
	var b strings.Builder
	b.WriteString(`<DescribePlacementGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>proxy</requestId><placementGroupSet>`)
	for i := 1; c.Params[fmt.Sprintf("Filter.1.Value.%d", i)] != ""; i++ {
		name := c.Params[fmt.Sprintf("Filter.1.Value.%d", i)]
		if strategy, known := p.gaps.groups[name]; known {
			fmt.Fprintf(&b, "<item><groupName>%s</groupName><strategy>%s</strategy><state>available</state></item>", xmlText(name), strategy)
		}
	}
	b.WriteString("</placementGroupSet></DescribePlacementGroupsResponse>")
	return xmlAnswer(b.String())
}
