package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/accesslog"
	"github.com/appia-edge/appia/rules"
)

// The setters of logs and metrics.

func setLogFormat(c *Config, value string) error {
	format, err := parseFormat(value)
	c.LogJSON = format == accesslog.JSON
	return err
}

// setAccessFormat takes the common format where it is given none: who asks for a log is to have one.
func setAccessFormat(c *Config, value string) (err error) {
	if c.accessLog.Format, err = parseFormat(value); err != nil {
		c.warn("accessLog.format: %v; common is used", err)
	}
	return nil
}

func parseFormat(value string) (accesslog.Format, error) {
	switch strings.ToLower(value) {
	case "common":
		return accesslog.Common, nil
	case "json":
		return accesslog.JSON, nil
	}
	return accesslog.Common, fmt.Errorf("%q is not a format: common or json", value)
}

// setWaiting: 0, 1.x's default, was to write before the request ended.
func setWaiting(c *Config, value string) (err error) {
	if c.accessLog.Waiting, err = strconv.Atoi(value); err != nil || c.accessLog.Waiting < 0 {
		return fmt.Errorf("%q is not a number of lines", value)
	}
	return nil
}

// setStatusCodes reads 200,300-302.
func setStatusCodes(c *Config, value string) error {
	if c.begins("statusCodes") {
		c.accessLog.Filter.Status = nil
	}
	for item := range strings.SplitSeq(value, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(item), "-")
		if !isRange {
			last = first
		}
		r := accesslog.StatusRange{First: status(first), Last: status(last)}
		if r.First == 0 || r.Last < r.First {
			return fmt.Errorf("%q is neither a status nor a range of them: write 200,300-302", item)
		}
		c.accessLog.Filter.Status = append(c.accessLog.Filter.Status, r)
	}
	return nil
}

func status(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 999 {
		return 0
	}
	return n
}

var modeNames = map[string]accesslog.Mode{"keep": accesslog.Keep, "drop": accesslog.Drop, "redact": accesslog.Redact}

func parseMode(value string, redact bool) (accesslog.Mode, error) {
	m, ok := modeNames[strings.ToLower(value)]
	switch {
	case ok && (redact || m != accesslog.Redact):
		return m, nil
	case redact:
		return 0, fmt.Errorf("%q is not a mode: keep, drop or redact", value)
	}
	return 0, fmt.Errorf("%q is not a mode: keep or drop", value)
}

func mode(field func(*Config) *accesslog.Mode, redact bool) func(*Config, string) error {
	return func(c *Config, value string) (err error) {
		*field(c), err = parseMode(value, redact)
		return err
	}
}

// modes reads A=drop B=keep, with spaces or commas between them.
func modes(set func(c *Config, name, mode string) error) func(*Config, string) error {
	return func(c *Config, value string) error {
		for _, pair := range strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' }) {
			name, mode, ok := strings.Cut(pair, "=")
			if !ok || name == "" {
				return fmt.Errorf("%q is not of the form NAME=keep", pair)
			}
			if err := set(c, name, mode); err != nil {
				return err
			}
		}
		return nil
	}
}

func setFieldMode(c *Config, name, text string) error {
	known, ok := accesslog.KnowsField(name)
	if !ok {
		near, _ := rules.Nearest(name, accesslog.FieldNames())
		c.warn("accessLog.fields.names: there is no field %q; did you mean %s?", name, near)
		return nil
	}
	m, err := parseMode(text, false)
	put(&c.accessLog.Fields.Names, known, m)
	return err
}

func setHeaderMode(c *Config, name, text string) error {
	m, err := parseMode(text, true)
	put(&c.accessLog.Headers.Names, accesslog.Canonical(name), m)
	return err
}

func put(names *map[string]accesslog.Mode, name string, m accesslog.Mode) {
	if *names == nil {
		*names = map[string]accesslog.Mode{}
	}
	(*names)[name] = m
}

// recentErrors is how many of them 1.x keeps.
const recentErrors = 10

// statistics switches them on, at 1.x's number where none was given.
func statistics(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		switch n := field(c); {
		case !on:
			*n = 0
		case *n == 0:
			*n = recentErrors
		}
		return nil
	}
}

// setBuckets reads upper bounds in seconds, in any order, in brackets or not.
func setBuckets(c *Config, value string) error {
	if c.begins("buckets") {
		c.Buckets = nil
	}
	for _, item := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",; []", r) }) {
		seconds, err := strconv.ParseFloat(item, 64)
		if err != nil || seconds <= 0 || seconds > 1e6 {
			return fmt.Errorf("%q is not a number of seconds: write 0.1,0.3,1.2,5", item)
		}
		c.Buckets = append(c.Buckets, time.Duration(seconds*float64(time.Second)))
	}
	slices.Sort(c.Buckets)
	c.Buckets = slices.Compact(c.Buckets)
	return nil
}
