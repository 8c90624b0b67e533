using CtrPS.Client.Tasks;

namespace CtrPS.Client.Tests.Tasks;

/// <summary>The note of whose pipes a folder holds is read strictly: it leads to a kill.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PipeMarkTests : IDisposable
{
    private const string Whole = """{"Host":"h","Process":"1@2","Address":"/a","Namespace":"n","Container":"c","ExecId":"e"}""";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-").FullName; // 0700

    private string MarkPath => Path.Combine(_folder, PipeMark.FileName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_read()
    {
        var mark = PipeMark.Of("/run/x.sock", "k8s.io", "web", "exec-1");
        mark.Write(_folder);
        Assert.Equal(mark, PipeMark.TryRead(_folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(MarkPath));
        Assert.True(PipeMark.TryRead(_folder)!.Owner.IsHere);
        Assert.False(PipeMark.TryRead(_folder)!.Owner.IsGone);
    }

    [Theory]
    [InlineData(Whole, true)]
    [InlineData("", false)]
    [InlineData("null", false)]
    [InlineData("[]", false)]
    [InlineData("""{"Host":"h","Process":"1@2","Address":"/a","Namespace":"n","Container":"c"}""", false)]
    [InlineData("""{"Host":"h","Process":"1@2","Address":"/a","Namespace":"n","Container":"c","ExecId":null}""", false)]
    [InlineData("""{"Host":"h","Process":12,"Address":"/a","Namespace":"n","Container":"c","ExecId":"e"}""", false)]
    [InlineData("""{"Host":"h","Process":"1@2","Address":"/a","Namespace":"n","Container":"c","ExecId":"e","More":"x"}""", false)]
    [InlineData("""{"Host":"h","Process":"1@2","Address":"/a","Namespace":"n","Container":"c","ExecId":"e","ExecId":"f"}""", false)]
    [InlineData(Whole + Whole, false)]
    [InlineData("""{"Host":"h","Process":"1@2","Address":"/a","Names""", false)]
    public void Only_exactly_a_mark_is_one(string text, bool isMark)
    {
        File.WriteAllText(MarkPath, text);
        Assert.Equal(isMark, PipeMark.TryRead(_folder) is not null);
    }

    [Fact]
    public void A_file_of_any_size_is_not_read()
    {
        File.WriteAllText(MarkPath, Whole + new string(' ', 9000));
        Assert.Null(PipeMark.TryRead(_folder));
    }

    [Fact]
    public void A_link_is_no_mark()
    {
        string target = Path.Combine(_folder, "target");
        File.WriteAllText(target, Whole);
        _ = File.CreateSymbolicLink(MarkPath, target);
        Assert.Null(PipeMark.TryRead(_folder));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    public void A_folder_that_is_open_to_others_is_none_of_ours(UnixFileMode more)
    {
        File.WriteAllText(MarkPath, Whole);
        File.SetUnixFileMode(_folder, OwnerOnly | more);
        Assert.Null(PipeMark.TryRead(_folder));
    }

    [Fact]
    public void A_folder_goes_with_its_mark_and_only_where_nothing_else_is_in_it()
    {
        PipeMark.Of("/a", "n", "c", "e").Write(_folder);
        File.WriteAllText(Path.Combine(_folder, "precious"), "");
        ProcessPipes.RemoveFolder(_folder);
        Assert.True(File.Exists(MarkPath));

        string empty = Directory.CreateDirectory(Path.Combine(_folder, "ctrps-1"), OwnerOnly).FullName;
        PipeMark.Of("/a", "n", "c", "e").Write(empty);
        ProcessPipes.RemoveFolder(empty);
        Assert.False(Directory.Exists(empty));
    }
}
