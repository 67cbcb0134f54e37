package main

import "strings"

// helpers is what every instrumented package is given: the switches. MUTANT names
// the mutant that is on; MUTANT_REACH names a file to which the number of every
// mutant that is reached is written, once.
const helpers = `package PACKAGE

import (
	"cmp"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

var mutationOn, mutationReach = func() (int, *os.File) {
	on, err := strconv.Atoi(os.Getenv("MUTANT"))
	if err != nil {
		on = -1
	}
	name := os.Getenv("MUTANT_REACH")
	if name == "" {
		return on, nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return on, f
}()

var mutationSeen [COUNT]atomic.Bool

func mutant(id int) bool {
	if mutationReach != nil && !mutationSeen[id].Swap(true) {
		mutationReach.WriteString(strconv.Itoa(id) + "\n")
	}
	return id == mutationOn
}

func mutantLess[T cmp.Ordered](bound, negated int, a, b T) bool {
	if mutant(bound) {
		return a <= b
	}
	return (a < b) != mutant(negated)
}

func mutantLessEqual[T cmp.Ordered](bound, negated int, a, b T) bool {
	if mutant(bound) {
		return a < b
	}
	return (a <= b) != mutant(negated)
}

func mutantBefore(bound, negated int, a, b time.Time) bool {
	if mutant(bound) {
		return !b.Before(a)
	}
	return a.Before(b) != mutant(negated)
}

func mutantAfter(bound, negated int, a, b time.Time) bool { return mutantBefore(bound, negated, b, a) }

func mutantInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](more, less int, is, up, down T) T {
	if mutant(more) {
		return up
	}
	if mutant(less) {
		return down
	}
	return is
}

func mutantAdd[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](id int, a, b T) T {
	if mutant(id) {
		return a - b
	}
	return a + b
}

func mutantSub[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](id int, a, b T) T {
	if mutant(id) {
		return a + b
	}
	return a - b
}

func mutantMul[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](id int, a, b T) T {
	if mutant(id) {
		return a / b
	}
	return a * b
}

func mutantDiv[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](id int, a, b T) T {
	if mutant(id) {
		return a * b
	}
	return a / b
}

func mutantShl[T ~int | ~int64 | ~uint64, U ~int | ~int64 | ~uint | ~uint64](id int, a T, b U) T {
	if mutant(id) {
		return a >> b
	}
	return a << b
}

func mutantErr(id int, err error) error {
	if mutant(id) {
		return nil
	}
	return err
}
`

func helpersOf(pkg string, count string) string {
	return strings.NewReplacer("PACKAGE", pkg, "COUNT", count).Replace(helpers)
}
