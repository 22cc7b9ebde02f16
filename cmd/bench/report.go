package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// printWorkload prints figures for people; ratios are Appia's by the peer's, so that below 1 is good.
func printWorkload(out io.Writer, w workload, list []figure) {
	fmt.Fprintf(out, "\n%s: %s\n", w.name, w.about)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "contender\tCPU us/req\treq/s\tp50 us\tp99 us\tMiB\tB/conn\tAppia by it: CPU\tp99\t  ")
	ours, _ := find(list, w.name, "appia")
	for _, f := range list {
		fmt.Fprintf(table, "%s\t%.1f\t%.0f\t%.0f\t%.0f\t%.1f\t%s\t%s\t%s\t  %s\n", f.Contender, f.CPU, f.Rate, f.P50, f.P99,
			float64(f.RSS)/(1<<20), unlessZero(f.PerConn), ratio(ours.CPU, f.CPU), ratio(ours.P99, f.P99), remarks(f))
	}
	table.Flush()
}

func remarks(f figure) string {
	var list []string
	if f.Errors > 0 {
		list = append(list, fmt.Sprintf("%d ERRORS", f.Errors))
	}
	if f.Note != "" {
		list = append(list, f.Note)
	}
	return strings.Join(list, "; ")
}

func unlessZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func ratio(ours, theirs float64) string {
	if ours == 0 || theirs == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ours/theirs)
}

func find(list []figure, workload, contender string) (figure, bool) {
	for _, f := range list {
		if f.Workload == workload && f.Contender == contender {
			return f, true
		}
	}
	return figure{}, false
}

// printRatios sums up: a line a workload, a column a peer.
func printRatios(out io.Writer, names []string, peers []contender, list []figure) {
	if _, ok := findAny(list, "appia"); !ok || len(peers) < 2 {
		return
	}
	fmt.Fprintln(out, "\nAppia's CPU per request by its peers' (bytes a connection for idle-5000)")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "workload\t")
	for _, peer := range peers[1:] {
		fmt.Fprint(table, peer.name, "\t")
	}
	fmt.Fprintln(table)
	for _, name := range names {
		ours, ok := find(list, name, "appia")
		if !ok {
			continue
		}
		fmt.Fprint(table, name, "\t")
		for _, peer := range peers[1:] {
			theirs, _ := find(list, name, peer.name)
			fmt.Fprint(table, headline(ours, theirs), "\t")
		}
		fmt.Fprintln(table)
	}
	table.Flush()
}

func headline(ours, theirs figure) string {
	if ours.PerConn > 0 {
		return ratio(float64(ours.PerConn), float64(theirs.PerConn))
	}
	return ratio(ours.CPU, theirs.CPU)
}

func findAny(list []figure, contender string) (figure, bool) {
	for _, f := range list {
		if f.Contender == contender {
			return f, true
		}
	}
	return figure{}, false
}
