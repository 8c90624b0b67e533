using CtrPS.Client.Posix;

namespace CtrPS.Client.Tests.Posix;

public sealed class OwnFileTests : IDisposable
{
    private const int Crowd = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-own-file-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Of_those_who_give_a_file_the_same_new_name_one_does_and_its_file_stays()
    {
        // By looking and then renaming, as .NET does it, two do in some of so many rounds.
        for (int round = 0; round < 200; round++)
        {
            string name = Path.Join(_folder, $"of-{round}");
            using var start = new Barrier(Crowd);
            Task<bool>[] all = [.. Enumerable.Range(0, Crowd).Select(one => Task.Factory.StartNew(
                () =>
                {
                    File.WriteAllText($"{name}.{one}", $"{one}");
                    start.SignalAndWait();
                    return OwnFile.TryMove($"{name}.{one}", name, replace: false);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))];
            bool[] did = await Task.WhenAll(all);
            Assert.Equal($"{Array.IndexOf(did, true)}", await File.ReadAllTextAsync(name, CancellationToken.None));
            Assert.Single(did, true);
            Assert.Equal(Crowd - 1, Enumerable.Range(0, Crowd).Count(one => File.Exists($"{name}.{one}")));
        }
    }

    [Fact]
    public void A_file_is_replaced_where_that_is_wanted_and_a_folder_that_is_gone_is_told()
    {
        (string from, string to) = (Path.Join(_folder, "from"), Path.Join(_folder, "to"));
        File.WriteAllText(from, "new");
        File.WriteAllText(to, "old");
        Assert.False(OwnFile.TryMove(from, to, replace: false));
        Assert.Equal("old", File.ReadAllText(to));
        Assert.True(OwnFile.TryMove(from, to, replace: true));
        Assert.Equal("new", File.ReadAllText(to));
        _ = Assert.Throws<IOException>(() => OwnFile.TryMove(from, to + "-2", replace: false));
        Assert.ThrowsAny<IOException>(() => OwnFile.TryMove(to, Path.Join(_folder, "gone", "to"), replace: false));
    }
}
