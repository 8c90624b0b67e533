using CtrPS.Client.Posix;

namespace CtrPS.Client.Tests.Posix;

public sealed class FolderEntriesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-entries-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Only_a_folder_that_is_there_has_entries()
    {
        string file = Path.Join(_folder, ".file");
        File.WriteAllText(file, "");
        _ = Directory.CreateSymbolicLink(Path.Join(_folder, "dangling"), "/nowhere");
        Assert.Equal([file, Path.Join(_folder, "dangling")], FolderEntries.Of(_folder).Order(StringComparer.Ordinal));
        Assert.Empty(FolderEntries.Of(Path.Join(_folder, "none")));
        Assert.Empty(FolderEntries.Of(Path.Join(_folder, "dangling")));
        Assert.Empty(FolderEntries.Of(file));
    }
}
