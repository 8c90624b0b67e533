using System.Collections;

namespace CtrPS.Core.Tests;

public sealed class CtrSpecTests
{
    [Theory]
    [InlineData(
        """{"ociVersion":"1.0.2","process":{"args":null,"env":[],"cwd":"/","user":{"uid":0,"gid":18446744073709551615}},"x":"""
        + """1.50,"y":{"z":[null,1e3]},"mounts":null}""")]
    [InlineData(
        """{"linux":{"resources":{"memory":{"limit":-1},"unknown":{}},"timeOffsets":{"boottime":{"secs":5}}},"windows":"""
        + """{"layerFolders":["a\\b"]},"text":"<&>ü"}""")]
    [InlineData("{}")]
    public void Keeps_what_it_does_not_know(string json)
    {
        var spec = CtrSpec.Parse(json);
        _ = spec.Process.Capabilities.Bounding.Count + spec.Mounts.Count + spec.Annotations.Count;
        Assert.Null(spec.Linux.Resources.Cpu.Quota);
        Assert.Equal(json, spec.ToJson());
        Assert.Equal(json, CtrSpec.Parse(spec.ToJson(true)).Copy().ToJson());
    }

    [Fact]
    public void Changes_what_it_is_told_and_nothing_else()
    {
        var spec = CtrSpec.Parse("""{"process":{"args":["a"],"odd":true},"mounts":[{"destination":"/a","new":1}]}""");
        spec.Process.Args.Add("b");
        spec.Process.Args[0] = "sh";
        spec.Process.Args = [.. spec.Process.Args, "c"];
        spec.Linux.Resources.Memory.Limit = 512L << 20;
        spec.Mounts.Add(new CtrMount("/b:/c:ro"));
        spec.Mounts[0].Options.Add("ro");
        spec.Mounts.Insert(0, new CtrMount { Destination = "/0", Type = "tmpfs" });
        Assert.True(spec.Mounts.Remove(spec.Mounts[0]));
        spec.Annotations["k"] = "v";
        spec.Process.NoNewPrivileges = true;
        spec.Process.NoNewPrivileges = false;
        spec.SetJson("hooks", """{"prestart":[]}""");
        Assert.Equal(
            """{"process":{"args":["sh","b","c"],"odd":true},"mounts":"""
                + """[{"destination":"/a","new":1,"options":["ro"]},"""
                + """{"destination":"/c","type":"bind","source":"/b","options":["rbind","ro"]}],"linux":"""
                + """{"resources":{"memory":{"limit":536870912}}},"annotations":{"k":"v"},"hooks":{"prestart":[]}}""",
            spec.ToJson());
        Assert.Equal("""{"prestart":[]}""", spec.GetJson("hooks"));
        Assert.Equal("true", spec.Process.GetJson("odd"));
        Assert.Null(spec.GetJson("none"));
        spec.SetJson("hooks", null);
        spec.Linux.Resources.Memory.Limit = null;
        Assert.True(spec.Linux.Resources.Memory.IsEmpty);
        Assert.DoesNotContain("hooks", spec.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mount_that_was_added_stays_the_users()
    {
        var mount = new CtrMount("type=tmpfs,dst=/t");
        CtrSpec first = new(), second = new();
        first.Mounts.Add(mount);
        second.Mounts.Add(mount);
        mount.Options.Add("size=1m");
        Assert.Equal("size=1m", Assert.Single(first.Mounts[0].Options));
        Assert.Empty(second.Mounts[0].Options);
    }

    [Fact]
    public void Takes_tables_for_annotations()
    {
        var spec = new CtrSpec { Annotations = new CtrSpecDictionary(new Hashtable { ["a"] = 1 }) };
        spec.Annotations.Add("b", "2");
        Assert.Equal("""{"annotations":{"a":"1","b":"2"}}""", spec.ToJson());
        Assert.Equal(["a", "b"], spec.Annotations.Keys);
        Assert.True(spec.Annotations.Remove("a"));
        Assert.False(spec.Annotations.TryGetValue("a", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":}")]
    public void Refuses_what_is_no_spec(string json) =>
        Assert.Equal(CtrErrorIds.InvalidSpec, Assert.Throws<CtrException>(() => CtrSpec.Parse(json)).ErrorId);

    [Fact]
    public void Says_which_value_is_of_the_wrong_kind()
    {
        var spec = CtrSpec.Parse("""{"process":{"cwd":5,"args":"sh"},"linux":[]}""");
        Assert.Contains("'cwd'", Assert.Throws<CtrException>(() => spec.Process.Cwd).Message, StringComparison.Ordinal);
        Assert.Contains("'args'", Assert.Throws<CtrException>(() => spec.Process.Args.Count).Message, StringComparison.Ordinal);
        Assert.Contains("'linux'", Assert.Throws<CtrException>(() => spec.Linux.CgroupsPath).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("type=bind,src=/a,dst=/b,options=rbind:ro", "type=bind,src=/a,dst=/b,options=rbind:ro")]
    [InlineData("type=bind,source=/a,destination=/b", "type=bind,src=/a,dst=/b")]
    [InlineData("type=tmpfs,dst=/t,options=size=64m:mode=700", "type=tmpfs,src=,dst=/t,options=size=64m:mode=700")]
    [InlineData("type=bind,\"src=/a,b\",dst=/c", "type=bind,src=/a,b,dst=/c")]
    [InlineData("/a:/b", "type=bind,src=/a,dst=/b,options=rbind")]
    [InlineData("/a=1:/b:ro,nosuid", "type=bind,src=/a=1,dst=/b,options=rbind:ro:nosuid")]
    [InlineData("/a:/b:bind,rw", "type=bind,src=/a,dst=/b,options=bind:rw")]
    public void Reads_mounts(string given, string expected) => Assert.Equal(expected, CtrMount.Parse(given).ToString());

    [Theory]
    [InlineData("", "neither")]
    [InlineData("/a", "neither")]
    [InlineData("/a:/b:ro:x", "neither")]
    [InlineData("/a:b", "'b' is not an absolute path")]
    [InlineData("a:/b", "'a' is not an absolute path")]
    [InlineData("/a:/b:z", "'z' is not known")]
    [InlineData("type=bind,dst=/b", "no source")]
    [InlineData("type=tmpfs", "no destination")]
    [InlineData("type=tmpfs,dst=/t,size=1", "'size' is not known")]
    [InlineData("type=tmpfs,dst", "key=value")]
    [InlineData("type=bind,\"src=/a,dst=/c", "not closed")]
    public void Refuses_what_is_no_mount(string given, string reason)
    {
        CtrException error = Assert.Throws<CtrException>(() => CtrMount.Parse(given));
        Assert.Equal(CtrErrorIds.InvalidArgument, error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("net_admin", "CAP_NET_ADMIN")]
    [InlineData("CAP_SYS_ADMIN", "CAP_SYS_ADMIN")]
    public void Knows_capabilities(string given, string expected) => Assert.Equal(expected, SpecNames.Capability(given));

    [Theory]
    [InlineData("net", "network")]
    [InlineData("Mount", "mount")]
    [InlineData("mnt", "mount")]
    public void Knows_namespaces(string given, string expected) => Assert.Equal(expected, SpecNames.Namespace(given));

    [Fact]
    public void Says_which_names_there_are() =>
        Assert.Contains("CHOWN", Assert.Throws<CtrException>(() => SpecNames.Capability("everything")).Message, StringComparison.Ordinal);
}
