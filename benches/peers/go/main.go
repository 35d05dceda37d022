// The workloads of benches/README.md for Go on one processor: bench-go WORKLOAD N, or bench-go echo PORT, or
// bench-go http PORT.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const producers = 1000

type line struct {
	Peer         string   `json:"peer"`
	Workload     string   `json:"workload"`
	N            int      `json:"n"`
	Ops          int      `json:"ops"`
	Seconds      float64  `json:"seconds"`
	CPUSeconds   float64  `json:"cpu_seconds"`
	BytesPerTask *float64 `json:"bytes_per_task"`
}

type watch struct {
	began time.Time
	cpu   float64
}

func start() watch { return watch{time.Now(), cpu()} }

func (w watch) stop(ops int) line {
	return line{Ops: ops, Seconds: time.Since(w.began).Seconds(), CPUSeconds: cpu() - w.cpu}
}

func cpu() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		panic(err)
	}
	return pages * os.Getpagesize()
}

func check(ok bool) {
	if !ok {
		panic("a result is wrong")
	}
}

func spawnJoin(n int) line {
	w := start()
	results := make([]int, n)
	var all sync.WaitGroup
	all.Add(n)
	for i := range results {
		go func(i int) { results[i] = i; all.Done() }(i)
	}
	all.Wait()
	sum := 0
	for _, result := range results {
		sum += result
	}
	l := w.stop(n)
	check(sum == n*(n-1)/2)
	return l
}

func yields(threads, n int) line {
	w := start()
	var all sync.WaitGroup
	all.Add(threads)
	for left := threads; left > 0; left-- {
		go func() {
			for left := n; left > 0; left-- {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
	return w.stop(n * threads)
}

func memory(n int) line {
	before := resident()
	w := start()
	var started sync.WaitGroup
	started.Add(n)
	for left := n; left > 0; left-- {
		go func() { started.Done(); time.Sleep(time.Hour) }()
	}
	started.Wait()
	runtime.Gosched()
	l := w.stop(n)
	bytes := float64(resident()-before) / float64(n)
	l.BytesPerTask = &bytes
	return l
}

func timers(n int) line {
	w := start()
	var all sync.WaitGroup
	all.Add(n)
	x := uint64(0x9E3779B97F4A7C15)
	for left := n; left > 0; left-- {
		x ^= x >> 12
		x ^= x << 25
		x ^= x >> 27
		delay := time.Duration(x*0x2545F4914F6CDD1D%1_000_000) * time.Microsecond
		go func() { time.Sleep(delay); all.Done() }()
	}
	all.Wait()
	return w.stop(n)
}

func timersCancel(n int) line {
	w := start()
	for left := n; left > 0; left-- {
		timer := time.AfterFunc(time.Hour, func() { panic("an hour has passed") })
		runtime.Gosched()
		check(timer.Stop())
	}
	return w.stop(n)
}

func timersBulk(n int) line {
	w := start()
	armed := make([]*time.Timer, n)
	for i := range armed {
		armed[i] = time.NewTimer(time.Hour + time.Duration(i)*time.Microsecond)
	}
	for _, timer := range armed {
		timer.Stop()
	}
	return w.stop(n)
}

func pingPong(n int) line {
	there, back := make(chan int, 1), make(chan int, 1)
	w := start()
	go func() {
		for left := n; left > 0; left-- {
			back <- <-there
		}
	}()
	sum := 0
	for i := 0; i < n; i++ {
		there <- i
		sum += <-back
	}
	l := w.stop(n)
	check(sum == n*(n-1)/2)
	return l
}

func fanIn(n int) line {
	each := n / producers
	queue := make(chan int, 100)
	w := start()
	for producer := 0; producer < producers; producer++ {
		go func(producer int) {
			for i := 0; i < each; i++ {
				queue <- producer*each + i
			}
		}(producer)
	}
	total, sum := producers*each, 0
	for left := total; left > 0; left-- {
		sum += <-queue
	}
	l := w.stop(total)
	check(sum == total*(total-1)/2)
	return l
}

func pool(n int) line {
	w := start()
	slots := make(chan struct{}, 1000)
	done := 0
	for left := n; left > 0; left-- {
		slots <- struct{}{}
		go func() {
			runtime.Gosched()
			done++
			<-slots
		}()
	}
	for left := cap(slots); left > 0; left-- {
		slots <- struct{}{}
	}
	l := w.stop(n)
	check(done == n)
	return l
}

func listen(port int) net.Listener {
	// Go takes its backlog from the system, and sets SO_REUSEADDR and TCP_NODELAY by itself.
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		panic(err)
	}
	return listener
}

// net/http has no limits if nothing is said; these are this crate's defaults.
func serve(port int) {
	server := http.Server{
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       75 * time.Second,
		Handler: http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
			check(request.URL.Path == "/")
			writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
			if _, err := io.WriteString(writer, "Hello, World!\n"); err != nil {
				panic(http.ErrAbortHandler)
			}
		}),
	}
	panic(server.Serve(listen(port)))
}

func echo(port int, limit time.Duration) {
	listener := listen(port)
	for {
		if connection, err := listener.Accept(); err == nil {
			go handle(connection, limit)
		}
	}
}

func handle(connection net.Conn, limit time.Duration) {
	defer connection.Close()
	buffer := make([]byte, 4096)
	for {
		if limit > 0 {
			if connection.SetReadDeadline(time.Now().Add(limit)) != nil {
				return
			}
		}
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	workloads := map[string]func(int) line{
		"spawn_join":    spawnJoin,
		"yield2":        func(n int) line { return yields(2, n) },
		"yield1000":     func(n int) line { return yields(1000, n) },
		"memory":        memory,
		"timers":        timers,
		"timers_cancel": timersCancel,
		"timers_bulk":   timersBulk,
		"chan_bounded1": pingPong,
		"fanin_bounded": fanIn,
		"pool":          pool,
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench-go WORKLOAD N | echo PORT | http PORT")
		os.Exit(2)
	}
	name := os.Args[1]
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	switch name {
	case "echo":
		echo(n, 0)
	case "echo_timeout":
		echo(n, time.Minute)
	case "http":
		serve(n)
	}
	run, known := workloads[name]
	if !known {
		fmt.Printf("{\"workload\":%q,\"unsupported\":true}\n", name)
		os.Exit(3)
	}
	l := run(n)
	l.Peer, l.Workload, l.N = "go", name, n
	text, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
