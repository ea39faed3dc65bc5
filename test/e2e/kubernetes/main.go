// Command control-plane is the five programs of a Kubernetes control plane in one file: the first argument says
// which of them this process is, the rest are that program's own flags. It runs while its standard input is open.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	_ "time/tzdata" // CronJobs name time zones, and the machine may have none.

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var programs = map[string]func(){
	"etcd":                    func() { etcdmain.Main(os.Args) },
	"kube-apiserver":          func() { execute(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() { execute(controllers.NewControllerManagerCommand()) },
	"kube-scheduler":          func() { execute(scheduler.NewSchedulerCommand()) },
	"kwok":                    kubelets,
}

func main() {
	known := strings.Join(slices.Sorted(maps.Keys(programs)), ", ")
	if len(os.Args) < 2 {
		fail("no program is named; there are: %s", known)
	}
	program, ok := programs[os.Args[1]]
	if !ok {
		fail("no program is called %q; there are: %s", os.Args[1], known)
	}
	// Each of them reads its flags from where a program of its own would have them.
	os.Args = os.Args[1:]
	endWithStarter()
	program()
}

func execute(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func fail(format string, details ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", details...)
	os.Exit(2)
}

// Packages of Kubernetes put flags of theirs, `--version` among them, into the set that every cobra command inherits.
func forgetInheritedFlags() {
	pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ContinueOnError)
}
