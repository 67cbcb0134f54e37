package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIdentify(t *testing.T) {
	for text, want := range map[string]string{
		"  Apache License\n  Version 2.0, January 2004\n": "Apache-2.0",
		"Redistribution and use in source and\n binary forms … Neither the name of X nor … may be used to endorse or promote products": "BSD-3-Clause",
		"Redistribution and use in source and binary forms, with or without modification":                                              "BSD-2-Clause",
		"Permission is hereby granted, free of charge, … WARRANTIES OF MERCHANTABILITY":                                                "MIT",
		"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee":                         "ISC",
		"GNU AFFERO GENERAL PUBLIC LICENSE Version 3":                                                                                  "",
		"Copyright 2026 Somebody": "",
	} {
		if got := identify(text); got != want {
			t.Errorf("%.40q is %q, want %q", text, got, want)
		}
	}
}

// TestModules: everything that is handed out has a licence that we know, in this
// tree too and not only on the day of a release.
func TestModules(t *testing.T) {
	list, err := modules(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range list {
		got[u.path] = strings.Join(u.parts, " ")
		if u.version == "" || (u.sum == "") != (u.path == "std") || len(u.texts) == 0 {
			t.Errorf("%s: version %q, sum %q, %d texts", u.path, u.version, u.sum, len(u.texts))
		}
	}
	want := map[string]string{
		"std":                            "switcher constructs recoveryctl",
		"github.com/aws/jsii-runtime-go": "constructs",
		"github.com/aws/aws-lambda-go":   "switcher",
		"github.com/aws/aws-sdk-go-v2/service/ec2": "switcher recoveryctl",
		"github.com/spf13/cobra":                   "recoveryctl",
	}
	for path, parts := range want {
		if got[path] != parts {
			t.Errorf("%s is in %q, want %q", path, got[path], parts)
		}
	}
	if _, there := got["github.com/google/go-cmp"]; there {
		t.Error("a module that only tests use is listed")
	}
}

func TestBill(t *testing.T) {
	b, err := bill("1.2.3", "abc", []used{{path: "example.com/m", version: "v1.0.0", sum: "h1:AAEC", licence: "MIT", parts: []string{"switcher"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := newComponent("example.com/m", "v1.0.0", "MIT")
	want.Hashes = []digest{{"SHA-256", "000102"}}
	want.Properties = []property{{"part", "switcher"}}
	if diff := cmp.Diff([]component{want}, b.Components); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b.Metadata.Component.PackageURL != "pkg:golang/"+library+"@v1.2.3" || want.PackageURL != "pkg:golang/example.com/m@v1.0.0" {
		t.Errorf("package URLs %s and %s", b.Metadata.Component.PackageURL, want.PackageURL)
	}
	if _, err := bill("1.2.3", "abc", []used{{path: "example.com/m", sum: "h1:?"}}); err == nil {
		t.Error("a broken sum is accepted")
	}
}

func TestLicences(t *testing.T) {
	got := licences([]used{
		{path: "a", version: "v1", licence: "MIT", parts: []string{"switcher"}, texts: []string{"text of a and b", "notice of a"}},
		{path: "b", version: "v2", licence: "MIT", parts: []string{"switcher", "constructs"}, texts: []string{"text of a and b"}},
	})
	line := strings.Repeat("=", 80)
	want := "Modules that this release is compiled of, their licences, and the licences' texts.\n\n" +
		"MIT            a v1 (switcher)\nMIT            b v2 (switcher, constructs)\n\n" +
		line + "\na\nb\n\ntext of a and b\n\n" + line + "\na\n\nnotice of a\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
